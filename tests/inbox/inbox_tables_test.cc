// `ackctl inbox init`: what it makes, and what it leaves alone.
#include "inbox/inbox_tables.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "inbox/sqlite_source.h"
#include "outbox/sqlite_outbox.h"
#include "platform.h"
#include "temporary_folder.h"

namespace ackd::test {
namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string journal_mode(Platform& platform) {
  sqlite3_stmt* statement = nullptr;
  REQUIRE(sqlite3_prepare_v2(platform.handle(), "PRAGMA journal_mode", -1, &statement, nullptr) == SQLITE_OK);
  sqlite3_step(statement);
  const std::string mode = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
  sqlite3_finalize(statement);
  return mode;
}

}  // namespace

TEST_CASE("a new file gets the tables, in WAL mode, and an identity of its own") {
  const TemporaryFolder folder;
  const Result<InboxMade> made = make_inbox_tables(folder.file("a.db"));
  REQUIRE_MESSAGE(made.ok(), made.error().message);
  CHECK(*made == InboxMade::kNewFile);
  REQUIRE(make_inbox_tables(folder.file("b.db")).ok());
  Platform platform(folder.file("a.db"));
  CHECK(journal_mode(platform) == "wal");
  platform.say("{}");
  const SourceLook a = SqliteSource(folder.file("a.db")).look({}, {});
  const SourceLook b = SqliteSource(folder.file("b.db")).look({}, {});
  CHECK_FALSE(a.trouble);
  CHECK(a.rows.size() == 1);
  CHECK(a.identity != b.identity);
}

TEST_CASE("made twice, nothing changes") {
  const TemporaryFolder folder;
  REQUIRE(make_inbox_tables(folder.file("a.db")).ok());
  const std::string identity = SqliteSource(folder.file("a.db")).look({}, {}).identity;
  const Result<InboxMade> again = make_inbox_tables(folder.file("a.db"));
  REQUIRE(again.ok());
  CHECK(*again == InboxMade::kThereAlready);
  CHECK(SqliteSource(folder.file("a.db")).look({}, {}).identity == identity);
}

TEST_CASE("a database of the platform's keeps its journal mode and everything in it") {
  const TemporaryFolder folder;
  Platform platform(folder.file("p.db"));
  platform.run("CREATE TABLE orders(id INTEGER PRIMARY KEY); INSERT INTO orders VALUES(42)");
  const Result<InboxMade> made = make_inbox_tables(folder.file("p.db"));
  REQUIRE(made.ok());
  CHECK(*made == InboxMade::kNewTables);
  CHECK(journal_mode(platform) == "delete");
  platform.run("UPDATE orders SET id=43 WHERE id=42");
  platform.say("{}");
}

TEST_CASE("what is something else is refused and left as it is") {
  const TemporaryFolder folder;
  SUBCASE("a text") {
    const std::string path = folder.write("notes.txt", std::string(5'000, 'n'));
    CHECK(make_inbox_tables(path).error().code == ErrorCode::kCorrupt);
    CHECK(bytes_of(path) == std::string(5'000, 'n'));
  }
  SUBCASE("a table of the same name") {
    {
      Platform platform(folder.file("p.db"));
      platform.run("CREATE TABLE ackd_inbox(id INTEGER PRIMARY KEY, mail TEXT)");
    }
    const std::string before = bytes_of(folder.file("p.db"));
    const Result<InboxMade> made = make_inbox_tables(folder.file("p.db"));
    REQUIRE_FALSE(made.ok());
    CHECK(bytes_of(folder.file("p.db")) == before);
  }
  SUBCASE("ackd's own outbox") {
    REQUIRE(SqliteOutbox::open({folder.file("outbox.db"), {}, {}}, [] {}).ok());
    const Result<InboxMade> made = make_inbox_tables(folder.file("outbox.db"));
    REQUIRE_FALSE(made.ok());
    CHECK(made.error().message.find("outbox") != std::string::npos);
  }
  SUBCASE("a folder that is not there") {
    CHECK_FALSE(make_inbox_tables(folder.file("none/p.db")).ok());
  }
}

}  // namespace ackd::test
