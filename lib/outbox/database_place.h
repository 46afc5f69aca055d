// Whether the data directory and what lies in it may be trusted, asked before anything in it is opened: a directory of
// ackd's own that others cannot write, and regular files of ackd's own that others can neither read nor write. The
// message says what is wrong, where, and what to do. Group rights are let pass, because volumes of containers have
// them.
#pragma once

#include <string>

#include "base/result.h"

namespace ackd {

// The folder and, where they exist, the database and its companions. Refuses too when the database is gone and its -wal
// is not: SQLite would begin a new one and throw away what only the -wal holds.
Status check_database_place(const std::string& database_path);

// One file of the data directory, if it exists; `what` names it in the message ("the in-flight file").
Status check_private_file(const std::string& path, const char* what);

}  // namespace ackd
