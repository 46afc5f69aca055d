// Whether a SQLite database has the inbox's tables, in a form that ackd can rely on.
#pragma once

#include "base/result.h"
#include "outbox/sqlite_database.h"

namespace ackd {

// kNotFound without them; kConflict where `ackd_inbox` could give a row's number twice, or a column is missing. What
// else the platform keeps in these tables is its own business. Trouble of the file itself is as the database has it.
Status check_inbox_tables(SqliteDatabase& database);

}  // namespace ackd
