#include "storage_sqlite.h"

#include <algorithm>
#include <stdexcept>

namespace ackd::bench {

Database::Database(const std::filesystem::path& file) {
  check(sqlite3_open(file.c_str(), &handle_), "open");
  run("PRAGMA auto_vacuum=INCREMENTAL");  // Before journal_mode, which writes the header that fixes it.
  run("PRAGMA journal_mode=WAL; PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=4000; PRAGMA synchronous=FULL");
}

void Database::run(const std::string& sql) {
  check(sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr), sql);
}

std::int64_t Database::ask(const std::string& sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.column(0) : 0;
}

std::int64_t Database::bytes_in_use() {
  return (ask("PRAGMA page_count") - ask("PRAGMA freelist_count")) * ask("PRAGMA page_size");
}

int Database::pages_written() {
  int current = 0, highest = 0;
  sqlite3_db_status(handle_, SQLITE_DBSTATUS_CACHE_WRITE, &current, &highest, 1);
  return current;
}

void Database::check(int code, std::string_view what) const {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
  throw std::runtime_error(std::string(what) + ": " + sqlite3_errmsg(handle_));
}

Statement::Statement(Database& database, const std::string& sql) : database_(&database) {
  const int code = sqlite3_prepare_v3(database.handle(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &handle_, nullptr);
  database.check(code, sql);
  const int parameters = sqlite3_bind_parameter_count(handle_);
  for (int i = 1; i <= parameters; ++i) resolve(i, sqlite3_bind_parameter_name(handle_, i));
}

void Statement::bind(const Facts& facts) {
  for (const auto& [index, fact] : bound_) sqlite3_bind_int64(handle_, index, facts[fact]);
}

bool Statement::step() {
  const int code = sqlite3_step(handle_);
  database_->check(code, sqlite3_sql(handle_));
  return code == SQLITE_ROW;
}

void Statement::write(const Facts& facts) {
  bind(facts);
  step();
  reset();
  if (sqlite3_changes(database_->handle()) > 0) return;
  throw std::runtime_error(std::string("no row: ") + sqlite3_sql(handle_));
}

void Statement::resolve(int index, std::string_view name) {
  const auto found = std::find(kFactNames.begin(), kFactNames.end(), name);
  if (found == kFactNames.end()) throw std::runtime_error("unknown parameter " + std::string(name));
  bound_.emplace_back(index, static_cast<std::size_t>(found - kFactNames.begin()));
}

std::vector<Statement> prepare(Database& database, const std::vector<std::string>& texts) {
  std::vector<Statement> statements;
  for (const std::string& text : texts) statements.emplace_back(database, text);
  return statements;
}

}  // namespace ackd::bench
