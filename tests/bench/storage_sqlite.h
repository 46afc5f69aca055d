// As much of SQLite as storage_layouts.cc needs: handles that close themselves, errors as exceptions.
#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage_candidates.h"

namespace ackd::bench {

// One connection with the pragmas of the outbox. Loading may relax `synchronous`; measuring must not.
class Database {
 public:
  explicit Database(const std::filesystem::path& file);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() { sqlite3_close_v2(handle_); }

  void run(const std::string& sql);
  std::int64_t ask(const std::string& sql);  // First column of the first row.
  std::int64_t bytes_in_use();
  // Pages handed to the WAL since the last call: what a slower disk than this one would feel.
  int pages_written();

  void check(int code, std::string_view what) const;
  sqlite3* handle() const { return handle_; }

 private:
  sqlite3* handle_ = nullptr;
};

// A prepared statement that binds the facts its text names, so one settlement can be handed to any layout's statements.
class Statement {
 public:
  Statement(Database& database, const std::string& sql);
  Statement(Statement&& other) noexcept
      : database_(other.database_), handle_(std::exchange(other.handle_, nullptr)), bound_(std::move(other.bound_)) {}
  Statement& operator=(Statement&&) = delete;
  ~Statement() { sqlite3_finalize(handle_); }

  void bind(const Facts& facts);
  bool step();  // Whether there is a row.
  void reset() { sqlite3_reset(handle_); }
  std::int64_t column(int index) { return sqlite3_column_int64(handle_, index); }

  // A write that changes nothing is an error: a settle that misses its row would make a layout look fast.
  void write(const Facts& facts);

 private:
  void resolve(int index, std::string_view name);

  Database* database_;
  sqlite3_stmt* handle_ = nullptr;
  std::vector<std::pair<int, std::size_t>> bound_;
};

std::vector<Statement> prepare(Database& database, const std::vector<std::string>& texts);

}  // namespace ackd::bench
