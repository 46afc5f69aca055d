// The tables that a platform has in its own SQLite database, and how they get there.
//
// Ids are AUTOINCREMENT, so that none is given twice, and the platform never gives one itself. `notification` is the
// JSON of one item of POST /v1/notifications. `identity` is made once and goes with the file, also into copies of it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ackd {

// The statements that make the tables, for a platform that keeps its schema in migrations of its own.
std::string_view inbox_tables_sql();

enum class InboxMade {
  kNewFile,    // in WAL mode, in which readers and the writer do not wait for each other
  kNewTables,  // in a database of the platform's, whose journal mode is left alone
  kThereAlready,
};

// Makes the tables in `path`, in one transaction. Refuses, and changes nothing, where the file is no SQLite database or
// ackd's own outbox, and where a table of one of the names is another one.
Result<InboxMade> make_inbox_tables(const std::string& path);

}  // namespace ackd
