#include "outbox/sqlite_database.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "base/unique_fd.h"

namespace ackd {
namespace {

constexpr int kBusyTimeoutMs = 1'000;
// A guest asks again by itself, and its thread must be able to end meanwhile.
constexpr int kGuestBusyTimeoutMs = 50;
constexpr int kGuestWriterBusyTimeoutMs = 5'000;

constexpr const char* kDamagedHint =
    "; keep a copy of the file and its -wal as they are, look at the disk, and put a backup in its place";

int open_flags(SqliteDatabase::Access access) {
  switch (access) {
    case SqliteDatabase::Access::kWriter: return SQLITE_OPEN_READWRITE;
    case SqliteDatabase::Access::kReader:
    case SqliteDatabase::Access::kGuest: return SQLITE_OPEN_READONLY;
    case SqliteDatabase::Access::kGuestWriter: break;
  }
  return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
}

SqliteFault fault_of(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL: return SqliteFault::kFull;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return SqliteFault::kBusy;
    default: return SqliteFault::kBroken;
  }
}

bool is_damage(int code) {
  return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

bool runs_with_wal(SqliteDatabase& database) {
  SqliteStatement statement(database, "PRAGMA journal_mode");
  const SqliteRow row = statement.find();
  return row && row.bytes(0) == "wal";
}

// Made here rather than by SQLite, whose mode would depend on the umask. -wal and -shm take the database's mode.
Status make_file(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.valid()) return Done{};
  const ErrorCode code = errno == ENOSPC ? ErrorCode::kStorageFull : ErrorCode::kIo;
  return Error{code, fmt::format("the outbox {} cannot be opened: {}", path, std::strerror(errno)), {}};
}

}  // namespace

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open(const std::string& path, Access access,
                                                             const std::string& vfs) {
  if (access == Access::kWriter) {
    if (const Status made = make_file(path); !made) return made.error();
  }
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, open_flags(access) | SQLITE_OPEN_NOMUTEX,
                                   vfs.empty() ? nullptr : vfs.c_str());
  const bool is_guest = access == Access::kGuest || access == Access::kGuestWriter;
  std::unique_ptr<SqliteDatabase> database(
      new SqliteDatabase(handle, fmt::format("{} {}", is_guest ? "inbox" : "outbox", path)));
  database->note(code, "open");
  if (!database->good()) return database->error();
  if (const Status configured = database->configure(access); !configured) return configured.error();
  return database;
}

SqliteDatabase::~SqliteDatabase() {
  // Closing would checkpoint: sync what has failed to sync once more, and throw the -wal away on the strength of it.
  // Without memory to open it there is no handle.
  if (handle_ != nullptr && trouble_ && trouble_->fault == SqliteFault::kBroken) {
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
  sqlite3_close_v2(handle_);
}

Status SqliteDatabase::configure(Access access) {
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_busy_timeout(handle_, kBusyTimeoutMs);
  if (access == Access::kWriter) return configure_writer();
  if (access == Access::kGuest) sqlite3_busy_timeout(handle_, kGuestBusyTimeoutMs);
  if (access == Access::kGuestWriter) sqlite3_busy_timeout(handle_, kGuestWriterBusyTimeoutMs);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_wal_autocheckpoint(handle_, 0);
  if (access == Access::kGuestWriter) return Done{};
  // A guest's first look at the file, and what may be wrong with it, is in its own statements: the size of its cache
  // would be asked for in the schema.
  return run(access == Access::kGuest ? "PRAGMA query_only=ON" : "PRAGMA query_only=ON; PRAGMA cache_size=-4096");
}

Status SqliteDatabase::configure_writer() {
  // auto_vacuum counts only before the first table. Foreign keys stay off: every reference is written in the same
  // transaction as what it points at, and a check on each insert would read wide rows. Checkpoints are made by the
  // outbox itself, because SQLite's automatic one swallows a failed sync. The cache is no larger than 16 MiB, because a
  // commit that has split a page looks at every page in it (balancing gives pages the number 262145 for a moment, and
  // pages beyond the file's end are looked for): with 64 MiB that was a tenth of what the writer does.
  const Status set =
      run("PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=OFF;"
          "PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-16384; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY");
  if (!set) return set.error();
  const auto full = ask("PRAGMA synchronous");
  if (!full) return full.error();
  if (*full == 2 && runs_with_wal(*this)) return Done{};
  return Error{ErrorCode::kIo,
               fmt::format("the {} does not run with journal_mode=WAL and synchronous=FULL (synchronous reads "
                           "back as {}); acknowledged notifications could be lost, so ackd does not start; put it on a "
                           "local file system",
                           name_, *full),
               {}};
}

// What the system said; SQLite's own "disk I/O error" would leave it open.
std::string SqliteDatabase::system_reason(int code) const {
  const bool is_system = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
  const int error = is_system && handle_ != nullptr ? sqlite3_system_errno(handle_) : 0;
  return error == 0 ? std::string() : fmt::format(", {}", std::strerror(error));
}

void SqliteDatabase::note(int code, std::string_view doing) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE || trouble_) return;
  const char* why = handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_);
  trouble_ = {fault_of(code),
              fmt::format("{}: {} (SQLite code {}{}) at: {}{}", name_, why, code, system_reason(code), doing,
                          is_damage(code) ? kDamagedHint : ""),
              code};
}

void SqliteDatabase::note_contradiction(std::string_view what) {
  if (trouble_) return;
  trouble_ = {SqliteFault::kBroken, fmt::format("{}: the record contradicts itself: {}", name_, what), SQLITE_OK};
}

Error SqliteDatabase::error() const {
  CHECK_THAT(trouble_.has_value(), "error() without trouble");
  switch (trouble_->fault) {
    case SqliteFault::kFull: return {ErrorCode::kStorageFull, trouble_->message, {}};
    case SqliteFault::kBusy: return {ErrorCode::kUnavailable, trouble_->message, {}};
    case SqliteFault::kBroken: break;
  }
  const int code = sqlite3_errcode(handle_);
  return {is_damage(code) || code == SQLITE_OK ? ErrorCode::kCorrupt : ErrorCode::kIo, trouble_->message, {}};
}

Status SqliteDatabase::status() const {
  if (!good()) return error();
  return Done{};
}

Status SqliteDatabase::run(const std::string& sql) {
  clear_trouble();
  note(sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr), sql.substr(0, 80));
  return status();
}

Result<std::int64_t> SqliteDatabase::ask(const std::string& sql) {
  clear_trouble();
  SqliteStatement statement(*this, sql);
  const SqliteRow row = statement.find();
  if (!good()) return error();
  return row ? row.integer(0) : 0;
}

bool SqliteRow::next() {
  present_ = false;
  if (!database_.good()) return false;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return present_ = true;
  if (code != SQLITE_DONE) database_.note(code, sqlite3_sql(statement_));
  return false;
}

std::string_view SqliteRow::bytes(int column) const {
  // The bytes first: asking for the length first could convert the value and move it.
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return data == nullptr ? std::string_view()
                         : std::string_view(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

std::string_view SqliteRow::utf8(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return data == nullptr ? std::string_view()
                         : std::string_view(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

Hash SqliteRow::hash(int column) const {
  Hash hash{};
  const std::string_view stored = bytes(column);
  if (stored.size() == hash.size()) {
    std::memcpy(hash.data(), stored.data(), hash.size());
  } else {
    database_.note_contradiction("a hash that is not 32 bytes long");
  }
  return hash;
}

SqliteStatement::SqliteStatement(SqliteDatabase& database, const std::string& sql) : database_(database) {
  if (!database_.good()) return;
  database_.note(
      sqlite3_prepare_v3(database.handle(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr), sql);
}

void SqliteStatement::bind(int index, std::int64_t value) {
  database_.note(sqlite3_bind_int64(statement_, index, value), "bind");
}

void SqliteStatement::bind(int index, std::string_view text) {
  // An empty view may point nowhere, and SQLite would take that for NULL.
  const char* data = text.data() == nullptr ? "" : text.data();
  database_.note(sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8), "bind");
}

void SqliteStatement::bind(int index, SqliteBlob blob) {
  const char* data = blob.bytes.data() == nullptr ? "" : blob.bytes.data();
  database_.note(sqlite3_bind_blob64(statement_, index, data, blob.bytes.size(), SQLITE_STATIC), "bind");
}

void SqliteStatement::bind(int index, std::nullptr_t) {
  database_.note(sqlite3_bind_null(statement_, index), "bind");
}

std::int64_t SqliteStatement::finish() {
  if (!database_.good()) return 0;
  const int code = sqlite3_step(statement_);
  if (code != SQLITE_DONE && code != SQLITE_ROW) database_.note(code, sqlite3_sql(statement_));
  sqlite3_reset(statement_);
  return database_.good() ? database_.changes() : 0;
}

}  // namespace ackd
