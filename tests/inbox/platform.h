// The platform as the inbox's tests see it: a SQLite database that it writes with a connection of its own.
#pragma once

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <memory>
#include <string>

#include "inbox/inbox_tables.h"

namespace ackd::test {

class Platform {
 public:
  explicit Platform(const std::string& path) : path_(path) {
    REQUIRE(sqlite3_open(path.c_str(), &handle_) == SQLITE_OK);
    sqlite3_busy_timeout(handle_, 5'000);
  }
  ~Platform() { sqlite3_close(handle_); }
  Platform(const Platform&) = delete;
  Platform& operator=(const Platform&) = delete;

  void run(const std::string& sql) {
    char* message = nullptr;
    sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, &message);
    const std::string trouble = message == nullptr ? "" : message;
    sqlite3_free(message);
    REQUIRE_MESSAGE(trouble.empty(), sql.substr(0, 200) << ": " << trouble);
  }
  // Bound, so that any bytes can be said. Returns the row's number.
  std::int64_t say(const std::string& text) {
    sqlite3_stmt* insert = nullptr;
    REQUIRE(sqlite3_prepare_v2(handle_, "INSERT INTO ackd_inbox(notification) VALUES(?)", -1, &insert, nullptr) ==
            SQLITE_OK);
    sqlite3_bind_text(insert, 1, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
    const int code = sqlite3_step(insert);
    sqlite3_finalize(insert);
    REQUIRE(code == SQLITE_DONE);
    return sqlite3_last_insert_rowid(handle_);
  }

  const std::string& path() const { return path_; }
  sqlite3* handle() { return handle_; }

 private:
  std::string path_;
  sqlite3* handle_ = nullptr;
};

// With the inbox's tables in it.
inline std::unique_ptr<Platform> make_platform(const std::string& path, const std::string& journal_mode = "wal") {
  auto platform = std::make_unique<Platform>(path);
  platform->run("PRAGMA journal_mode=" + journal_mode);
  platform->run(std::string(inbox_tables_sql()));
  return platform;
}

}  // namespace ackd::test
