// Parts of a batch that write many rows for one purpose. A slice is applied whole or not at all, with the batch.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/activation.h"
#include "outbox/operations.h"

namespace ackd {

// Makes up to `rows_max` of the notifications that await this merchant pending, oldest first: those that were held
// because it was not known, or not activated. They keep
// their due time, so that they are sent in the order in which they would have been. A slice a batch keeps a merchant
// with a million of them from delaying the others; what is left is found again by whoever opens the store next.
struct ReleaseSlice {
  MerchantName merchant;
  std::size_t rows_max = 0;
  EngineTime at;
};

// One step of a job: the changes that it asks for, and how far it has come with them, in one transaction; so a crash
// neither repeats nor skips a change, and the counts are exact. The engine has taken the rows out of its lanes' hands
// first, as for a single OperatorChange. REQUIRES: the job runs.
struct JobSlice {
  JobId job;
  std::vector<OperatorChange> changes;
  NotificationId below;         // the job's new cursor
  std::uint64_t looked_at = 0;  // by this step
  std::uint64_t matched = 0;
  bool ended = false;  // nothing is left below the cursor
  EngineTime at;
};

struct InboxErrorName {
  std::string source;
  std::int64_t row = 0;
  friend auto operator<=>(const InboxErrorName&, const InboxErrorName&) = default;
};

// One row of the platform's inbox: an admission, or why it cannot be one. A row whose key belongs to other content
// becomes an error of the same kind when the slice is applied.
struct InboxRow {
  std::int64_t row = 0;
  std::optional<Admission> admission;
  Error error;                 // without an admission
  std::string text;            // what the row says, kept with its error; at most kInboxTextBytesMax
  std::size_t text_bytes = 0;  // of the whole text; the rest of a longer one stays in the platform's file
};
inline constexpr std::size_t kInboxTextBytesMax = 16 * 1024;

// Of one slice, so that it delays the operations beside it by milliseconds only.
inline constexpr std::size_t kInboxRowsMax = 500;

// Rows of the inbox in their order, and the mark behind them, in one transaction: each row is admitted exactly once
// without a protocol between two databases. A slice that does not follow the recorded mark changes nothing. Without
// rows it only moves the mark, also backwards: a row that is read again is a duplicate by its key, and ends the error
// that it was before.
struct InboxSlice {
  std::string source;      // the identity of the platform's file
  std::int64_t after = 0;  // the mark that it follows; 0 for a new source
  std::vector<InboxRow> rows;
  std::int64_t mark = 0;              // everything up to this row is dealt with
  std::string mark_seal;              // hash of the row at the mark, by which a file that was set back is known
  std::vector<InboxErrorName> ended;  // errors that an operator has dealt with, of any source
  EngineTime at;
};

// What became of a slice.
struct InboxResult {
  bool stale = false;                  // it did not follow the recorded mark: nothing was done
  std::vector<OperationResult> rows;   // one for each; kConflict where it became an error, kNotFound where it was one
  std::vector<OperationResult> ended;  // one for each; kNotFound: there is no such error
  std::uint64_t errors = 0;            // on record now, of all sources
};

// How far a source has been read.
struct InboxStanding {
  std::string source;
  std::int64_t mark = 0;
  std::string mark_seal;
  std::uint64_t errors = 0;  // rows that are on record as errors
};

// A bulk import of merchants: all of them or none, each as by a MerchantChange that expects no version.
struct MerchantImport {
  std::vector<MerchantRecord> merchants;
  EngineTime at;
};

}  // namespace ackd
