#include "outbox/sqlite_inbox.h"

#include <fmt/format.h>

namespace ackd {
namespace {

OperationResult result_of(Applied applied) {
  OperationResult result;
  result.applied = applied;
  return result;
}

Error conflict_with(NotificationId first) {
  return {ErrorCode::kConflict,
          fmt::format("the idempotency key already belongs to notification {}, whose content differs; send the same "
                      "content, or use another key",
                      to_string(first)),
          "key"};
}

}  // namespace

std::vector<InboxStanding> read_inbox_standings(SqliteDatabase& database) {
  std::vector<InboxStanding> standings;
  SqliteStatement all(database, "SELECT identity, mark, mark_seal, errors FROM inbox_source");
  for (SqliteRow row = all.find(); row; row.next()) {
    standings.push_back({row.text(0), row.integer(1), row.text(2), static_cast<std::uint64_t>(row.integer(3))});
  }
  return standings;
}

InboxErrorsPage read_inbox_errors(SqliteDatabase& database, const InboxErrorsQuery& query) {
  InboxErrorsPage page;
  SqliteStatement some(database,
                       "SELECT source, row, at, code, field, message, text, bytes FROM inbox_error"
                       " WHERE (source, row)>(?, ?) ORDER BY source, row LIMIT ?");
  for (SqliteRow row = some.find(query.after.source, query.after.row, query.limit + 1); row; row.next()) {
    if (page.errors.size() == query.limit) {
      page.more = true;
      break;
    }
    page.errors.push_back({{row.text(0), row.integer(1)},
                           row.time(2),
                           {row.choice(3, ErrorCode::kCorrupt), row.text(5), row.text(4)},
                           row.text(6),
                           static_cast<std::size_t>(row.integer(7))});
  }
  SqliteStatement count(database, "SELECT sum(errors) FROM inbox_source");
  if (const SqliteRow row = count.find()) page.count = static_cast<std::uint64_t>(row.integer(0));
  return page;
}

SqliteInbox::SqliteInbox(SqliteDatabase& database)
    : standing_(database, "SELECT mark, errors FROM inbox_source WHERE identity=?"),
      set_standing_(database, "REPLACE INTO inbox_source(identity, mark, mark_seal, errors) VALUES(?,?,?,?)"),
      count_ended_(database, "UPDATE inbox_source SET errors=errors-1 WHERE identity=?"),
      all_errors_(database, "SELECT sum(errors) FROM inbox_source"),
      add_error_(database,
                 "INSERT INTO inbox_error(source, row, at, code, field, message, text, bytes) VALUES(?,?,?,?,?,?,?,?)"
                 " ON CONFLICT(source, row) DO NOTHING"),
      replace_error_(database, "UPDATE inbox_error SET at=?, code=?, field=?, message=? WHERE source=? AND row=?"),
      drop_error_(database, "DELETE FROM inbox_error WHERE source=? AND row=?") {}

SqliteInbox::Recorded SqliteInbox::recorded(const std::string& source) {
  const SqliteRow row = standing_.find(source);
  return row ? Recorded{row.integer(0), row.integer(1)} : Recorded{};
}

InboxResult SqliteInbox::apply(const InboxSlice& slice, SqliteOperations& operations) {
  Recorded standing = recorded(slice.source);
  InboxResult result;
  result.stale = standing.mark != slice.after;
  if (result.stale) return result;
  result.rows.reserve(slice.rows.size());
  for (const InboxRow& row : slice.rows) result.rows.push_back(apply_row(slice, row, operations, standing));
  for (const InboxErrorName& error : slice.ended) result.ended.push_back(end_error(error, slice, standing));
  set_standing_.run(slice.source, slice.mark, slice.mark_seal, standing.errors);
  if (const SqliteRow row = all_errors_.find()) result.errors = static_cast<std::uint64_t>(row.integer(0));
  return result;
}

OperationResult SqliteInbox::apply_row(const InboxSlice& slice, const InboxRow& row, SqliteOperations& operations,
                                       Recorded& standing) {
  if (!row.admission) {
    add_error(slice, row, row.error, standing);
    return result_of(Applied::kNotFound);
  }
  const OperationResult result = operations.admit(*row.admission);
  if (result.applied == Applied::kConflict) {
    add_error(slice, row, conflict_with(result.id), standing);
  } else if (standing.errors > 0) {
    standing.errors -= drop_error_.run(slice.source, row.row);  // of an earlier reading, before the mark was moved back
  }
  return result;
}

void SqliteInbox::add_error(const InboxSlice& slice, const InboxRow& row, const Error& error, Recorded& standing) {
  const std::int64_t added =
      add_error_.run(slice.source, row.row, slice.at, error.code, error.field, error.message, row.text, row.text_bytes);
  standing.errors += added;
  if (added == 0) replace_error_.run(slice.at, error.code, error.field, error.message, slice.source, row.row);
}

OperationResult SqliteInbox::end_error(const InboxErrorName& error, const InboxSlice& slice, Recorded& standing) {
  if (drop_error_.run(error.source, error.row) == 0) return result_of(Applied::kNotFound);
  if (error.source == slice.source) {
    --standing.errors;
  } else {
    count_ended_.run(error.source);
  }
  return result_of(Applied::kApplied);
}

}  // namespace ackd
