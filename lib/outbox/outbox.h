// Contract: the durable record. One batch in flight, one answer to each; a batch is one transaction.
//
// Adapters: outbox/sqlite_outbox.h (production), the model outbox of tests/sim. Both pass tests/outbox/conformance.h.
//
// What is known after a failure: kFailed means that nothing of the batch was recorded. kUnknown means that it may or
// may not have been (a sync failed); nothing may be said to anyone after that, and the process must end.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "model/activation.h"
#include "model/notification.h"
#include "model/outcome.h"
#include "model/state.h"

namespace ackd {

// --- Operations. Each names the change it wants; the store applies it only if the row still allows it. ---

// A new notification. Fails with kDuplicate (same key, same content) or kConflict (same key, other content), and a
// probe with kProbeOpen while another probe of its merchant is pending.
struct Admission {
  Notification notification;
  std::string held_reason;         // not empty: admitted as HELD
  bool awaits_activation = false;  // with held_reason: ReleaseSlice ends this hold
};

// The end of one attempt, or a change without an attempt (a hold after not sent).
// Applied only when the stored version equals `expected_version` and the state is pending; else kStale.
struct Settlement {
  QueueKey key;  // where the row stands
  std::uint32_t expected_version = 0;
  std::optional<Attempt> attempt;
  State state = State::kPending;  // the new state
  DueClass due_class = DueClass::kRetry;
  EngineTime next_at;                // with kPending
  std::uint32_t steps = 0;           // schedule steps used from now on
  std::string reason;                // why held, exhausted or cancelled
  EngineTime at;                     // when decided
  std::uint32_t lonely_crashes = 0;  // kept on the notification until an attempt settles normally
  bool awaits_activation = false;    // with kHeld: ReleaseSlice ends this hold
  // Of a probe: the merchant's URL that it was sent to, empty when it was not sent. With kDelivered the merchant's
  // activation for that URL is recorded, in the same transaction as the attempt that proves it.
  std::optional<std::string> probed_url;
};

enum class OperatorVerb : std::uint8_t { kRetry, kCancel, kHold, kRelease };

// An operator's wish. kRetry: pending or held -> due now; exhausted -> a new notification `replay_id` that copies it
// (of a probe only while no other probe of the merchant is pending). Whatever held a notification before, from then on
// it is held or not because the operator says so.
// kCancel with `in_flight`: records the intent, which the settlement obeys unless it is an acknowledgement; the version
// stays as it is, because the settlement under way was decided on it.
struct OperatorChange {
  OperatorVerb verb = OperatorVerb::kRetry;
  NotificationId id;
  NotificationId replay_id;  // a fresh id for the copy; unused otherwise
  bool in_flight = false;
  std::string reason;
  EngineTime at;
};

using Operation = std::variant<Admission, Settlement, OperatorChange>;

enum class Applied : std::uint8_t {
  kApplied,
  kIntent,     // cancel of a notification in flight: recorded, decided at settlement
  kStale,      // the row has changed since it was read: nothing done
  kDuplicate,  // same key and content: `id` is the first one
  kConflict,   // same key, other content: `id` is the first one
  kForbidden,  // the state does not allow it: `state` says which it is
  kNotFound,
  kFenced,     // another node owns the lane
  kProbeOpen,  // another probe of the merchant is pending: `id` is that one
};

struct OperationResult {
  Applied applied = Applied::kApplied;
  NotificationId id;              // the notification acted on, or the first one
  State state = State::kPending;  // its state now
  std::uint32_t version = 0;
  LaneId lane;         // of an admission or change that made work due
  EngineTime next_at;  // with kPending
};

// Makes up to `rows_max` of the notifications that await this merchant's activation pending, oldest first. They keep
// their due time, so that they are sent in the order in which they would have been. A slice a batch keeps a merchant
// with a million of them from delaying the others; what is left is found again by whoever opens the store next.
struct ReleaseSlice {
  MerchantName merchant;
  std::size_t rows_max = 0;
  EngineTime at;
};

// --- Reads that ride on a batch, after its writes, on the same connection. ---

// The head of one lane's queue: up to `rows_max` rows of one class that are due by `due_by`, in (next_at, id) order,
// without `excluded`.
struct PageRequest {
  LaneId lane;
  DueClass due_class = DueClass::kFresh;
  EngineTime due_by;
  std::size_t rows_max = 0;
  std::size_t bytes_max = 0;             // of content; at least one row is returned when one is due
  std::vector<NotificationId> excluded;  // buffered, in flight, settling or suspect
};

struct Page {
  LaneId lane;
  DueClass due_class = DueClass::kFresh;
  std::vector<DueNotification> rows;
  // next_at of the first row behind these (excluded ones aside); max() when there is none.
  EngineTime beyond = EngineTime::max();
};

// A slice of lane discovery: lanes with pending rows above `after`, in id order.
struct LaneScan {
  LaneId after;
  std::size_t lanes_max = 0;
};

struct LaneHead {
  LaneId lane;
  LaneKey key;
  // next_at of the first row of each class, by DueClass; max() when there is none.
  std::array<EngineTime, 2> earliest{EngineTime::max(), EngineTime::max()};
};

// Single pending rows by id, for the suspects of a crash.
struct RowRequest {
  std::vector<NotificationId> ids;
};

struct StoredRow {
  DueNotification row;
  LaneKey lane;
  std::uint32_t lonely_crashes = 0;
};

struct Batch {
  std::vector<Operation> operations;
  std::optional<ReleaseSlice> release;  // applied after the operations
  std::vector<PageRequest> pages;
  std::optional<LaneScan> scan;
  std::optional<RowRequest> rows;

  bool writes() const { return !operations.empty() || release; }
  bool empty() const { return !writes() && pages.empty() && !scan && !rows; }
};

inline constexpr std::size_t kBatchOperationsMax = 1'000;
inline constexpr std::size_t kBatchBytesMax = 1024 * 1024;

enum class BatchFate : std::uint8_t { kCommitted, kFailed, kUnknown };

struct BatchResult {
  BatchFate fate = BatchFate::kCommitted;
  std::vector<OperationResult> results;  // one for each operation, in order; empty unless committed
  bool release_complete = false;         // of ReleaseSlice: none is left
  std::vector<LaneHead> woken;           // lanes in which this batch made work due, settlements aside, each once
  std::vector<Page> pages;
  std::vector<LaneHead> lanes;
  bool scan_complete = false;
  std::vector<StoredRow> rows;  // those of RowRequest that are pending
  std::string trouble;          // with kFailed or kUnknown: for the log
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
