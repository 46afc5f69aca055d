#include "inbox/inbox_tables.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "inbox/sqlite_tables.h"
#include "outbox/sqlite_schema.h"

namespace ackd {
namespace {

constexpr const char* kSql = R"sql(CREATE TABLE ackd_inbox(
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  notification TEXT NOT NULL,
  created_at   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
CREATE TABLE ackd_inbox_source(
  one      INTEGER PRIMARY KEY CHECK(one = 1),
  identity TEXT NOT NULL
);
INSERT INTO ackd_inbox_source(one, identity) VALUES(1, lower(hex(randomblob(16))));
)sql";

bool is_new(const std::string& path) {
  struct stat file {};
  return ::stat(path.c_str(), &file) != 0 || file.st_size == 0;
}

Status check_not_ours(SqliteDatabase& database, const std::string& path) {
  const auto application = database.ask("PRAGMA application_id");
  if (!application) return application.error();
  if (*application != kApplicationId) return Done{};
  return Error{
      ErrorCode::kConflict, fmt::format("{} is an outbox of ackd's own; name the platform's database", path), {}};
}

Result<bool> has_tables(SqliteDatabase& database) {
  const auto found =
      database.ask("SELECT count(*) FROM sqlite_schema WHERE lower(name) IN ('ackd_inbox', 'ackd_inbox_source')");
  if (!found) return found.error();
  return *found > 0;
}

Result<InboxMade> make_in(SqliteDatabase& database, const std::string& path) {
  if (const Status ours = check_not_ours(database, path); !ours) return ours.error();
  const Result<bool> has = has_tables(database);
  if (!has) return has.error();
  if (*has) {
    const Status right = check_inbox_tables(database);
    return right ? Result<InboxMade>(InboxMade::kThereAlready) : Result<InboxMade>(right.error());
  }
  if (const Status made = database.run(kSql); !made) return made.error();
  return InboxMade::kNewTables;
}

}  // namespace

std::string_view inbox_tables_sql() {
  return kSql;
}

Result<InboxMade> make_inbox_tables(const std::string& path) {
  const bool fresh = is_new(path);
  auto opened = SqliteDatabase::open(path, SqliteDatabase::Access::kGuestWriter);
  if (!opened) return opened.error();
  SqliteDatabase& database = **opened;
  if (fresh) {
    if (const Status wal = database.run("PRAGMA journal_mode=WAL"); !wal) return wal.error();
  }
  if (const Status begun = database.run("BEGIN IMMEDIATE"); !begun) return begun.error();
  Result<InboxMade> made = make_in(database, path);
  const Status ended = database.run(made && *made == InboxMade::kNewTables ? "COMMIT" : "ROLLBACK");
  if (!made) return made.error();
  if (!ended) return ended.error();
  return fresh ? InboxMade::kNewFile : *made;
}

}  // namespace ackd
