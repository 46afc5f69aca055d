// The platform's inbox in the tables: how far each source has been read, and the rows that could not be admitted.
// Works inside the transaction that SqliteWriter opened.
#pragma once

#include <optional>
#include <vector>

#include "outbox/queries.h"
#include "outbox/slices.h"
#include "outbox/sqlite_database.h"
#include "outbox/sqlite_operations.h"

namespace ackd {

std::vector<InboxStanding> read_inbox_standings(SqliteDatabase& database);

InboxErrorsPage read_inbox_errors(SqliteDatabase& database, const InboxErrorsQuery& query);

class SqliteInbox {
 public:
  explicit SqliteInbox(SqliteDatabase& database);

  // Admissions go through `operations`, so that they count and wake like any other.
  InboxResult apply(const InboxSlice& slice, SqliteOperations& operations);

 private:
  struct Recorded {
    std::int64_t mark = 0;
    std::int64_t errors = 0;
  };
  Recorded recorded(const std::string& source);
  OperationResult apply_row(const InboxSlice& slice, const InboxRow& row, SqliteOperations& operations,
                            Recorded& standing);
  void add_error(const InboxSlice& slice, const InboxRow& row, const Error& error, Recorded& standing);
  OperationResult end_error(const InboxErrorName& error, const InboxSlice& slice, Recorded& standing);

  SqliteStatement standing_, set_standing_, count_ended_, all_errors_;
  SqliteStatement add_error_, replace_error_, drop_error_;
};

}  // namespace ackd
