#include "inbox/sqlite_source.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "crypto/digest.h"
#include "inbox/sqlite_tables.h"

namespace ackd {
namespace {

constexpr std::size_t kIdentityBytesMax = 128;
constexpr std::string_view kIdentityCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

bool is_identity(std::string_view text) {
  return !text.empty() && text.size() <= kIdentityBytesMax &&
         text.find_first_not_of(kIdentityCharacters) == std::string_view::npos;
}

// Each part with its length before it, so that no two rows make the same text.
std::string seal_of(std::int64_t row, std::string_view text, std::size_t text_bytes, std::string_view created_at) {
  std::string said = fmt::format("{} {} {} {}\n", row, text_bytes, text.size(), created_at.size());
  said += text;
  said += created_at;
  return fmt::format("{:02x}", fmt::join(sha256(said), ""));
}

InboxFault fault_of(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_READONLY:  // a journal or a WAL that only a writer may recover: the platform, when it opens the file
      return InboxFault::kLocked;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return InboxFault::kCorrupt;
    case SQLITE_ERROR:
    case SQLITE_SCHEMA: return InboxFault::kNotAnInbox;
    default: return InboxFault::kUnreadable;
  }
}

InboxFault fault_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kUnavailable: return InboxFault::kLocked;
    case ErrorCode::kCorrupt: return InboxFault::kCorrupt;
    case ErrorCode::kNotFound:
    case ErrorCode::kConflict: return InboxFault::kNotAnInbox;
    default: return InboxFault::kUnreadable;
  }
}

const char* advice_for(InboxFault fault) {
  switch (fault) {
    case InboxFault::kMissing: return "it is read as soon as it is there; `ackctl inbox init FILE` makes one";
    case InboxFault::kLocked:
      return "it is read again once the lock is released; what a killed platform left half done is rolled back when it "
             "opens the file";
    case InboxFault::kUnreadable:
      return "ackd's user must be able to read it, and with WAL to write the -shm file beside it";
    case InboxFault::kCorrupt: return "restore it from the platform's backup; it is read again by itself";
    case InboxFault::kNotAnInbox: return "it is read as soon as its tables are there";
    case InboxFault::kSetBack: break;
  }
  return "nothing is read until an operator has compared the two and says from where: `ackctl inbox rewind --to ROW`";
}

}  // namespace

struct SqliteSource::Statements {
  explicit Statements(SqliteDatabase& database)
      : version(database, "PRAGMA data_version"),
        begin(database, "BEGIN"),
        identity(database, "SELECT identity FROM ackd_inbox_source WHERE one=1"),
        sequence(database, "SELECT seq FROM sqlite_sequence WHERE name='ackd_inbox'"),
        rows(database, "SELECT id, notification, created_at FROM ackd_inbox WHERE id>? ORDER BY id LIMIT ?"),
        next(database, "SELECT id FROM ackd_inbox WHERE id>? ORDER BY id LIMIT 1") {}

  SqliteStatement version, begin, identity, sequence, rows, next;
};

SqliteSource::SqliteSource(std::string path) : path_(std::move(path)) {}
SqliteSource::~SqliteSource() = default;

SourceLook SqliteSource::look(const InboxMarks& marks, const SourceBounds& bounds) {
  const std::optional<FileName> file = name_of_file();
  if (!file) {
    close();
    return troubled(InboxFault::kMissing, "there is no such file");
  }
  if (database_ && *file != file_) close();
  if (!database_) {
    file_ = *file;
    if (const Status opened = open(bounds); !opened) return troubled_by(opened.error());
  }
  database_->clear_trouble();
  const std::int64_t version = data_version();
  if (database_->good() && version == last_version_ && is_where_it_was(marks)) return last_;
  Result<SourceLook> looked = read(marks, bounds);
  end_transaction();
  if (!looked) return troubled_by(looked.error());
  last_version_ = version;
  last_ = {looked->trouble, looked->identity, looked->newest, {}, {}, false};
  return *std::move(looked);
}

std::optional<SqliteSource::FileName> SqliteSource::name_of_file() const {
  struct stat file {};
  if (::stat(path_.c_str(), &file) != 0) return std::nullopt;
  return FileName{file.st_dev, file.st_ino};
}

Status SqliteSource::open(const SourceBounds& bounds) {
  auto opened = SqliteDatabase::open(path_, SqliteDatabase::Access::kGuest);
  if (!opened) return opened.error();
  database_ = std::move(*opened);
  if (const Status tables = check_inbox_tables(*database_); !tables) return tables.error();
  statements_ = std::make_unique<Statements>(*database_);
  // A platform that writes a gigabyte into one row must not fill our memory: SQLite refuses to load it. Set only now,
  // because the limit counts for SQL too.
  sqlite3_limit(database_->handle(), SQLITE_LIMIT_LENGTH, static_cast<int>(bounds.text_bytes_max));
  return database_->status();
}

void SqliteSource::close() {
  statements_.reset();
  database_.reset();
  left_off_.reset();
}

std::int64_t SqliteSource::data_version() {
  const SqliteRow row = statements_->version.find();
  return row ? row.integer(0) : 0;
}

bool SqliteSource::is_where_it_was(const InboxMarks& marks) const {
  if (!left_off_) return false;
  const auto mark = marks.find(last_.identity);
  return (mark == marks.end() ? InboxMark{} : mark->second) == *left_off_;
}

Result<SourceLook> SqliteSource::read(const InboxMarks& marks, const SourceBounds& bounds) {
  database_->clear_trouble();
  left_off_.reset();
  SourceLook look;
  statements_->begin.run();
  if (!database_->good()) return database_->status().error();
  if (const Status standing = read_standing(look); !standing) return standing.error();
  const auto known = marks.find(look.identity);
  const InboxMark mark = known == marks.end() ? InboxMark{} : known->second;
  look.trouble = compare(mark, look);
  if (!look.trouble) read_rows(mark, bounds, look);
  if (!database_->good()) return database_->status().error();
  if (look.more) return look;
  left_off_ = look.rows.empty() ? mark : InboxMark{look.rows.back().row, look.seal};
  return look;
}

// Also after trouble, which the database keeps meanwhile: an open transaction would hold the platform's WAL.
void SqliteSource::end_transaction() {
  sqlite3* handle = database_->handle();
  if (sqlite3_get_autocommit(handle) == 0) sqlite3_exec(handle, "ROLLBACK", nullptr, nullptr, nullptr);
}

Status SqliteSource::read_standing(SourceLook& look) {
  if (const Status tables = check_inbox_tables(*database_); !tables) return tables.error();
  {
    const SqliteRow row = statements_->identity.find();
    if (row) look.identity = row.utf8(0);
  }
  {
    // Without a row none was ever given out.
    const SqliteRow row = statements_->sequence.find();
    if (row) look.newest = row.integer(0);
  }
  if (!database_->good()) return database_->status();
  if (is_identity(look.identity)) return Done{};
  return Error{ErrorCode::kConflict,
               "ackd_inbox_source has no row with an identity of letters and digits; `ackctl inbox init --sql` prints "
               "how to make it",
               {}};
}

std::optional<SourceTrouble> SqliteSource::compare(const InboxMark& mark, const SourceLook& look) {
  std::string found;
  if (look.newest < mark.row) {
    found = fmt::format("its newest row is {}", look.newest);
  } else if (mark.row > 0 && !mark.seal.empty()) {
    const std::string seal = seal_of_row(mark.row);
    if (seal.empty() || seal == mark.seal) return std::nullopt;
    found = fmt::format("its row {} says something else than it said then", mark.row);
  } else {
    return std::nullopt;
  }
  return troubled(InboxFault::kSetBack,
                  fmt::format("it was set back: ackd has read up to row {}, and {}", mark.row, found))
      .trouble;
}

void SqliteSource::read_rows(const InboxMark& mark, const SourceBounds& bounds, SourceLook& look) {
  std::size_t bytes = 0;
  {
    SqliteRow row = statements_->rows.find(mark.row, bounds.rows_max + 1);
    for (; row; row.next()) {
      const std::string_view text = row.utf8(1);
      bytes += text.size();
      look.more = look.rows.size() == bounds.rows_max || (!look.rows.empty() && bytes > bounds.bytes_max);
      if (look.more) break;
      look.seal = seal_of(row.integer(0), text, text.size(), row.utf8(2));
      look.rows.push_back({row.integer(0), std::string(text), text.size()});
    }
  }
  if (!is_too_big()) return;
  // It is the next look's first row, and then it comes alone.
  database_->clear_trouble();
  look.more = true;
  if (look.rows.empty()) read_huge_row(mark.row, look);
}

bool SqliteSource::is_too_big() const {
  return !database_->good() && database_->trouble()->code == SQLITE_TOOBIG;
}

void SqliteSource::read_huge_row(std::int64_t after, SourceLook& look) {
  std::int64_t id = 0;
  {
    const SqliteRow row = statements_->next.find(after);
    if (row) id = row.integer(0);
  }
  SourceRow huge{id, {}, 0};
  sqlite3_blob* blob = nullptr;
  database_->note(sqlite3_blob_open(database_->handle(), "main", "ackd_inbox", "notification", id, 0, &blob), "a row");
  if (!database_->good()) return;
  huge.text_bytes = static_cast<std::size_t>(sqlite3_blob_bytes(blob));
  huge.text.resize(std::min(huge.text_bytes, kInboxTextBytesMax));
  database_->note(sqlite3_blob_read(blob, huge.text.data(), static_cast<int>(huge.text.size()), 0), "a row");
  sqlite3_blob_close(blob);
  look.seal = seal_of(id, huge.text, huge.text_bytes, {});
  look.rows.push_back(std::move(huge));
}

// Empty when the row is gone.
std::string SqliteSource::seal_of_row(std::int64_t id) {
  {
    const SqliteRow row = statements_->rows.find(id - 1, 1);
    if (row) return row.integer(0) == id ? seal_of(id, row.utf8(1), row.utf8(1).size(), row.utf8(2)) : std::string();
  }
  if (!is_too_big()) return {};
  database_->clear_trouble();
  SourceLook look;
  read_huge_row(id - 1, look);
  return !look.rows.empty() && look.rows.front().row == id ? look.seal : std::string();
}

SourceLook SqliteSource::troubled(InboxFault fault, const std::string& message) const {
  SourceLook look{{}, last_.identity, last_.newest, {}, {}, false};
  look.trouble = SourceTrouble{fault, fmt::format("inbox {}: {}; {}", path_, message, advice_for(fault))};
  return look;
}

SourceLook SqliteSource::troubled_by(const Error& error) {
  const bool by_sqlite = database_ && !database_->good();
  const InboxFault fault = by_sqlite ? fault_of(database_->trouble()->code) : fault_of(error);
  const std::string prefix = fmt::format("inbox {}: ", path_);
  const std::string what = error.message.starts_with(prefix) ? error.message.substr(prefix.size()) : error.message;
  // Looked at from its beginning next time; only a lock leaves everything as it was.
  if (fault != InboxFault::kLocked || !statements_) close();
  return troubled(fault, what);
}

}  // namespace ackd
