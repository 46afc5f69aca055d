// The seam to the platform's own database, where it writes notifications in the transaction of its business. One
// adapter for each kind of database; all of them only ever read.
//
// The platform gives each row a number that grows and is never used again, and may delete what stands below the mark
// that ackd publishes. The identity names the file (or the database) as such: numbers mean nothing in another one. It
// is made of letters, digits, '-', '_' and '.'.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "outbox/slices.h"

namespace ackd {

// How far something has been read: the last row, and a hash of what it said. An empty seal is not compared.
struct InboxMark {
  std::int64_t row = 0;
  std::string seal;
  friend bool operator==(const InboxMark&, const InboxMark&) = default;
};
using InboxMarks = std::map<std::string, InboxMark>;  // by identity

struct SourceRow {
  std::int64_t row = 0;
  std::string text;            // cut at kInboxTextBytesMax when the whole is over SourceBounds::text_bytes_max
  std::size_t text_bytes = 0;  // of the whole text
};

struct SourceBounds {
  std::size_t rows_max = 250;
  std::size_t bytes_max = 256 * 1024;    // of all texts; at least one row is read when there is one
  std::size_t text_bytes_max = 2 << 20;  // of one text; a larger one is never loaded
};

enum class InboxFault : std::uint8_t {
  kMissing,     // no file at the path
  kLocked,      // somebody holds it; usual for a moment, trouble when it lasts
  kUnreadable,  // the operating system refuses
  kCorrupt,     // damaged, or no database
  kNotAnInbox,  // without the tables, or with tables that ackd cannot rely on
  kSetBack,     // what was read is not in it any more: an older copy of the same file
};

// "missing", "locked" ...: what alarms are told apart by, because the words change with every row.
const char* name_of(InboxFault fault);

struct SourceTrouble {
  InboxFault fault = InboxFault::kMissing;
  std::string message;  // a sentence for an operator: what, where, what to do
  friend bool operator==(const SourceTrouble&, const SourceTrouble&) = default;
};

// One look, all of one snapshot.
struct SourceLook {
  std::optional<SourceTrouble> trouble;  // then there are no rows
  std::string identity;                  // of the last file that was an inbox; empty before the first
  std::int64_t newest = 0;               // the largest row number that was ever given
  std::vector<SourceRow> rows;           // behind the mark, in order
  std::string seal;                      // of the last of them
  bool more = false;                     // behind these
};

class InboxSource {
 public:
  virtual ~InboxSource() = default;
  // The rows behind the identity's mark in `marks` (behind 0 when it has none). Cheap when nothing has changed. Opens
  // the source, and opens it again when another one has taken its place.
  virtual SourceLook look(const InboxMarks& marks, const SourceBounds& bounds) = 0;
};

}  // namespace ackd
