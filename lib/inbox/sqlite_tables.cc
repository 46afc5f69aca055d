#include "inbox/sqlite_tables.h"

#include <fmt/format.h>

#include <string_view>

namespace ackd {
namespace {

struct Column {
  const char* table;
  const char* name;
};
constexpr Column kColumns[] = {{"ackd_inbox", "id"},
                               {"ackd_inbox", "notification"},
                               {"ackd_inbox", "created_at"},
                               {"ackd_inbox_source", "one"},
                               {"ackd_inbox_source", "identity"}};

Error missing(const Column& column) {
  return {ErrorCode::kNotFound,
          fmt::format("it has no column {}.{}; `ackctl inbox init FILE` makes the tables", column.table, column.name),
          {}};
}

Error reuses_numbers() {
  return {ErrorCode::kConflict,
          "ackd_inbox.id is not INTEGER PRIMARY KEY AUTOINCREMENT, so a deleted row's number could be given again and "
          "the new row never be read; make the table as `ackctl inbox init --sql` prints it",
          {}};
}

}  // namespace

Status check_inbox_tables(SqliteDatabase& database) {
  // Reads the schema, so that trouble of the file is found as such.
  const auto there = database.ask("SELECT count(*) FROM sqlite_schema WHERE name='ackd_inbox'");
  if (!there) return there.error();
  for (const Column& column : kColumns) {
    int is_key = 0;
    int counts_up = 0;
    const int code = sqlite3_table_column_metadata(database.handle(), "main", column.table, column.name, nullptr,
                                                   nullptr, nullptr, &is_key, &counts_up);
    if (code != SQLITE_OK) return missing(column);
    const bool is_number = std::string_view(column.table) == "ackd_inbox" && std::string_view(column.name) == "id";
    if (is_number && (is_key == 0 || counts_up == 0)) return reuses_numbers();
  }
  return Done{};
}

}  // namespace ackd
