// What may be written into the record, operation by operation, and what came of each. Every operation names the change
// it wants; the store applies it only if the row still allows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/time.h"
#include "model/notification.h"
#include "model/outcome.h"
#include "model/state.h"
#include "outbox/job.h"
#include "outbox/merchant_record.h"

namespace ackd {

// A new notification. Fails with kDuplicate (same key, same content) or kConflict (same key, other content), and a
// probe with kProbeOpen while another probe of its merchant is pending.
struct Admission {
  Notification notification;
  std::string held_reason;       // not empty: admitted as HELD
  bool awaits_merchant = false;  // with held_reason: ReleaseSlice ends this hold
};

// The end of one attempt, or a change without an attempt (a hold after not sent).
// Applied only when the stored version equals `expected_version` and the state is pending; else kStale.
struct Settlement {
  QueueKey key;  // where the row stands
  std::uint32_t expected_version = 0;
  std::optional<Attempt> attempt;
  std::optional<Hash> content_hash;       // of the notification where it is at hand: the record need not be asked
  State state = State::kPending;          // the new state
  DueClass due_class = DueClass::kRetry;  // with kPending
  EngineTime next_at;                     // with kPending
  std::uint32_t steps = 0;                // schedule steps used from now on
  std::string reason;                     // why held, exhausted or cancelled
  EngineTime at;                          // when decided
  std::uint32_t lonely_crashes = 0;       // kept on the notification until an attempt settles normally
  bool awaits_merchant = false;           // with kHeld: ReleaseSlice ends this hold
  // Of a probe: the merchant's URL that it was sent to, empty when it was not sent. With kDelivered the merchant's
  // activation for that URL is recorded, in the same transaction as the attempt that proves it.
  std::optional<std::string> probed_url;
  std::optional<LaneStanding> standing;  // of the row's lane from now on; nothing where it is as it was
};

// An operator's wish. kRetry: pending or held -> due now; exhausted -> a new notification `replay_id` that copies it
// (of a probe only while no other probe of the merchant is pending). Whatever held a notification before, from then on
// it is held or not because the operator says so. kResend: of one that has ended, however -> a new notification
// `replay_id` that copies it.
// kCancel with `in_flight`: records the intent, which the settlement obeys unless it is an acknowledgement; the version
// stays as it is, because the settlement under way was decided on it. A settlement that was on record sooner has obeyed
// it too: kIntent then as well, with kCancelled.
struct OperatorChange {
  OperatorVerb verb = OperatorVerb::kRetry;
  NotificationId id;
  std::optional<State> expected_state;  // kForbidden in any other: a job's filter has named it for its state
  NotificationId replay_id;             // a fresh id for the copy; unused otherwise
  bool in_flight = false;
  std::string reason;
  EngineTime at;
};

inline bool was_obeyed(const OperatorChange& change, State state) {
  return change.verb == OperatorVerb::kCancel && change.in_flight && state == State::kCancelled;
}

// Puts or removes a merchant of the record. Fails with kStale when `expected_version` is given and the stored one (0:
// no such merchant) differs, and with kNotFound when there is nothing to remove. The result's version is the one on
// record now. Who is removed is not paused any more either; what is recorded of its notifications stays. Where the
// origin of its URL changes its own lane stands as kUnknown after the batch, whatever a settlement beside it says: that
// was heard of the host before.
struct MerchantChange {
  MerchantName merchant;
  std::optional<MerchantRecord> record;  // nothing: remove it; its version is set by the store
  std::optional<std::uint32_t> expected_version;
  EngineTime at;
};

// Pauses or resumes a merchant, of the record or not. Repeating it is applied too.
struct MerchantPauseChange {
  MerchantPause pause;
  bool paused = true;
  EngineTime at;
};

// Replaces the keys that a provider's merchants share; none removes them.
struct SharedKeysChange {
  SharedKeysRecord shared;
  EngineTime at;
};

// Puts a key on record under another master key; no version grows, since nothing that people see has changed. Fails
// with kStale when what is sealed there is not `from` any more: whoever replaced it has sealed it anew.
struct KeyReseal {
  std::string from;  // the sealed bytes as they were read
  SealedKeyRow to;
};

// A new job; the store gives it its id.
struct JobStart {
  Job job;
};
// The end of a job that runs (kForbidden when it has ended, kNotFound when there is none).
struct JobStop {
  JobId job;
  EngineTime at;
};

using Operation = std::variant<Admission, Settlement, OperatorChange, MerchantChange, MerchantPauseChange,
                               SharedKeysChange, KeyReseal, JobStart, JobStop>;

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
  JobId job{};         // of JobStart: the new one's
};

}  // namespace ackd
