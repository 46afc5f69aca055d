// Contract: the durable record. One batch in flight, one answer to each; a batch is one transaction.
//
// Adapters: outbox/sqlite_outbox.h (production), the model outbox of tests/sim. Both pass tests/outbox/conformance.h.
//
// What is known after a failure: kFailed means that nothing of the batch was recorded. kUnknown means that it may or
// may not have been (a sync failed); nothing may be said to anyone after that, and the process must end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "outbox/operations.h"
#include "outbox/reads.h"
#include "outbox/slices.h"

namespace ackd {

struct Batch {
  std::vector<Operation> operations;
  // Applied after the operations, in this order.
  std::optional<JobSlice> job;
  std::optional<InboxSlice> inbox;
  std::optional<MerchantImport> merchants;
  std::optional<ReleaseSlice> release;
  std::vector<PageRequest> pages;
  std::optional<LaneScan> scan;
  std::optional<RowRequest> rows;
  std::optional<SealedKeysRead> sealed;

  bool writes() const { return !operations.empty() || job || inbox || merchants || release; }
  bool empty() const { return !writes() && pages.empty() && !scan && !rows && !sealed; }
};

inline constexpr std::size_t kBatchOperationsMax = 1'000;
inline constexpr std::size_t kBatchBytesMax = 1024 * 1024;

enum class BatchFate : std::uint8_t { kCommitted, kFailed, kUnknown };

struct BatchResult {
  BatchFate fate = BatchFate::kCommitted;
  std::vector<Operation> operations;     // the batch's, given back by take_result(), so that nobody copies them
  std::vector<OperationResult> results;  // one for each operation, in order; empty unless committed
  std::vector<OperationResult> job;      // one for each change of JobSlice
  std::optional<InboxResult> inbox;
  bool release_complete = false;  // of ReleaseSlice: none is left
  std::vector<LaneHead> woken;    // lanes in which this batch made work due, settlements aside, each once, by id
  std::vector<Page> pages;
  std::vector<LaneHead> lanes;
  bool scan_complete = false;
  std::vector<StoredRow> rows;  // those of RowRequest that are pending
  std::vector<SealedKeyRow> sealed;
  std::string trouble;  // with kFailed or kUnknown: for the log
};

// How much of the disk is left, from the store's own samples.
enum class DiskBand : std::uint8_t {
  kPlenty,
  kLow,       // ingest answers 503
  kCritical,  // no new sends either; what is in flight still settles
};

class Outbox {
 public:
  virtual ~Outbox() = default;

  // REQUIRES: no batch is in flight, and the batch is within kBatchOperationsMax and kBatchBytesMax.
  virtual void submit(Batch batch) = 0;

  // The finished batch's result, once. The adapter wakes the loop when there is one.
  virtual std::optional<BatchResult> take_result() = 0;

  // Lanes that got rows from elsewhere (the inbox, another node).
  virtual std::vector<LaneHead> take_arrivals() = 0;

  virtual DiskBand disk_band() const = 0;

  // Why the record can no longer be trusted, found between batches (a foreign commit, a failed checkpoint); what a
  // batch finds is its own kUnknown. The process must end as after that.
  virtual std::optional<std::string> failure() const { return std::nullopt; }
};

}  // namespace ackd
