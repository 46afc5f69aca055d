// One SQLite connection and its statements, with the C handles owned and the errors kept.
//
// Errors are sticky, as on a stream: the first one is noted on the database, every later call does nothing, and whoever
// runs a transaction asks good() once before the commit. So the code that says what a settlement does is not buried in
// checks, and no error can be dropped. A connection belongs to one thread.
#pragma once

#include <sqlite3.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/notification.h"

namespace ackd {

// What a failure leaves us able to do.
enum class SqliteFault : std::uint8_t {
  kFull,    // no space: nothing was recorded, try again when there is some
  kBusy,    // somebody else holds the file: nothing was recorded
  kBroken,  // a failed read, write or sync, a damaged file, a contradiction in the record: nothing can be trusted
};

struct SqliteTrouble {
  SqliteFault fault = SqliteFault::kBroken;
  std::string message;
  int code = SQLITE_OK;  // SQLite's own, extended; SQLITE_OK for a contradiction in the record
};

class SqliteDatabase {
 public:
  // Exactly one connection, the writer, ever writes or checkpoints: SQLite 3.7.0 to 3.51.2 can lose commits when two
  // connections do (the WAL-reset bug), and Debian 12 ships 3.40.1 unpatched.
  //
  // A guest looks into a database of somebody else, the platform's inbox: it leaves alone how the file is kept, never
  // checkpoints, and waits for a lock only briefly. kGuestWriter is for `ackctl inbox init` alone.
  enum class Access : std::uint8_t { kWriter, kReader, kGuest, kGuestWriter };

  // kWriter makes the file (mode 0600) if there is none, and reads back journal mode and synchronous=FULL: a build or a
  // file system that refuses either would lose acknowledged commits. `vfs` is for tests that inject faults; empty for
  // SQLite's own.
  static Result<std::unique_ptr<SqliteDatabase>> open(const std::string& path, Access access,
                                                      const std::string& vfs = {});
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  // For opening and migrating: any number of statements; the first row's first column. These clear earlier trouble.
  Status run(const std::string& sql);
  Result<std::int64_t> ask(const std::string& sql);

  bool good() const { return !trouble_; }
  Status status() const;
  const std::optional<SqliteTrouble>& trouble() const { return trouble_; }
  void clear_trouble() { trouble_.reset(); }
  void keep(SqliteTrouble trouble) { trouble_ = std::move(trouble); }
  // Notes what an SQLite call answered; only a first failure is kept.
  void note(int code, std::string_view doing);
  // The record contradicts itself, which SQLite could not see.
  void note_contradiction(std::string_view what);

  std::int64_t changes() const { return sqlite3_changes64(handle_); }
  sqlite3* handle() const { return handle_; }

 private:
  SqliteDatabase(sqlite3* handle, std::string name) : handle_(handle), name_(std::move(name)) {}
  Status configure(Access access);
  Status configure_writer();
  Error error() const;
  std::string system_reason(int code) const;

  sqlite3* handle_;
  std::string name_;  // "outbox /path", for messages
  std::optional<SqliteTrouble> trouble_;
};

// Bytes that are stored as a BLOB; a bare string_view is stored as TEXT.
struct SqliteBlob {
  std::string_view bytes;
};

// The current row of a statement; the statement is reset when the row goes. Columns count from 0. Text and bytes are
// valid until the next step. REQUIRES: only one row of a statement exists at a time.
class SqliteRow {
 public:
  SqliteRow(SqliteDatabase& database, sqlite3_stmt* statement) : database_(database), statement_(statement) { next(); }
  ~SqliteRow() { sqlite3_reset(statement_); }
  SqliteRow(const SqliteRow&) = delete;
  SqliteRow& operator=(const SqliteRow&) = delete;

  explicit operator bool() const { return present_; }
  bool next();

  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  std::uint32_t number(int column) const { return static_cast<std::uint32_t>(integer(column)); }
  NotificationId id(int column) const { return {integer(column)}; }
  EngineTime time(int column) const { return {integer(column)}; }
  bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::string_view bytes(int column) const;
  std::string text(int column) const { return std::string(bytes(column)); }
  // Of a database that may keep its text in another encoding.
  std::string_view utf8(int column) const;
  // A hash of another length than 32 bytes is a contradiction in the record.
  Hash hash(int column) const;
  // A stored enumeration's number; one above `last` is a contradiction.
  template <class Enum>
  Enum choice(int column, Enum last) const {
    const std::int64_t value = integer(column);
    if (value >= 0 && value <= static_cast<std::int64_t>(last)) return static_cast<Enum>(value);
    database_.note_contradiction("a number that names nothing");
    return last;
  }

 private:
  SqliteDatabase& database_;
  sqlite3_stmt* statement_;
  bool present_ = false;
};

// A statement, prepared once. Values are bound in the order of its question marks, without copies: they must outlive
// the row.
class SqliteStatement {
 public:
  SqliteStatement(SqliteDatabase& database, const std::string& sql);
  ~SqliteStatement() { sqlite3_finalize(statement_); }
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;

  // Binds, steps once and hands out the row, which may be absent.
  template <class... Values>
  SqliteRow find(const Values&... values) {
    bind_all(values...);
    return SqliteRow(database_, statement_);
  }

  // For statements without rows. Returns how many rows it changed; 0 also after trouble.
  template <class... Values>
  std::int64_t run(const Values&... values) {
    bind_all(values...);
    return finish();
  }

 private:
  template <class... Values>
  void bind_all(const Values&... values) {
    if (!database_.good()) return;
    int index = 0;
    (bind(++index, values), ...);
  }
  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view text);
  void bind(int index, SqliteBlob blob);
  void bind(int index, std::nullptr_t);
  void bind(int index, const std::string& text) { bind(index, std::string_view(text)); }
  void bind(int index, const char* text) { bind(index, std::string_view(text)); }
  void bind(int index, const Hash& hash) {
    bind(index, SqliteBlob{{reinterpret_cast<const char*>(hash.data()), hash.size()}});
  }
  template <class Value>
  requires std::integral<Value> || std::is_enum_v<Value>
  void bind(int index, Value value) { bind(index, static_cast<std::int64_t>(value)); }
  template <class Scale>
  void bind(int index, Instant<Scale> at) {
    bind(index, at.ms);
  }
  void bind(int index, NotificationId id) { bind(index, id.value); }
  void bind(int index, LaneId id) { bind(index, id.value); }
  void bind(int index, RevisionId id) { bind(index, id.value); }
  template <class Value>
  void bind(int index, const std::optional<Value>& value) {
    value ? bind(index, *value) : bind(index, nullptr);
  }
  std::int64_t finish();

  SqliteDatabase& database_;
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace ackd
