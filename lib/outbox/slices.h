// Parts of a batch that write many rows for one purpose. A slice is applied whole or not at all, with the batch.
#pragma once

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
// first, as for a single OperatorChange.
struct JobSlice {
  JobId job;
  std::vector<OperatorChange> changes;
  NotificationId below;         // the job's new cursor
  std::uint64_t looked_at = 0;  // by this step
  std::uint64_t matched = 0;
  bool ended = false;  // nothing is left below the cursor
  EngineTime at;
};

// One row of the platform's inbox: an admission, or why it cannot be one. A row whose key belongs to other content
// becomes an error of the same kind when the slice is applied.
struct InboxRow {
  std::int64_t row = 0;
  std::optional<Admission> admission;
  Error error;       // without an admission
  std::string text;  // what the row says, kept with its error
};

// Rows of the inbox in their order, and the mark behind them, in one transaction: each row is admitted exactly once
// without a protocol between two databases.
struct InboxSlice {
  std::string source;  // the identity of the platform's file
  std::vector<InboxRow> rows;
  std::int64_t mark = 0;  // everything up to this row is dealt with
  std::string mark_seal;  // hash of the row at the mark, by which a file that was set back is known
  EngineTime at;
};

// A bulk import of merchants: all of them or none, each as by a MerchantChange that expects no version.
struct MerchantImport {
  std::vector<MerchantRecord> merchants;
  EngineTime at;
};

}  // namespace ackd
