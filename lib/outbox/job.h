// A job: an operator's verb for everything that a filter names. It is on record, advances a slice a batch, goes on
// after a restart, and never sees what was admitted after it was asked for.
//
//   start ----> RUNNING --- nothing left to look at ---> DONE
//                  '------- stopped by an operator ----> STOPPED      what it has done by then stays done
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "model/ids.h"
#include "model/state.h"
#include "outbox/list_filter.h"

namespace ackd {

struct JobId {
  std::int64_t value = 0;
  friend auto operator<=>(JobId, JobId) = default;
};

// Stored as these numbers: never renumber.
enum class OperatorVerb : std::uint8_t { kRetry = 0, kCancel = 1, kHold = 2, kRelease = 3, kResend = 4 };
inline constexpr int kOperatorVerbCount = 5;
enum class JobState : std::uint8_t { kRunning = 0, kDone = 1, kStopped = 2 };

constexpr const char* name_of(OperatorVerb verb) {
  constexpr const char* kNames[] = {"retry", "cancel", "hold", "release", "resend"};
  return kNames[static_cast<std::size_t>(verb)];
}

constexpr const char* name_of(JobState state) {
  constexpr const char* kNames[] = {"running", "done", "stopped"};
  return kNames[static_cast<std::size_t>(state)];
}

// Whether the verb can do anything about a notification in this state. What is in flight takes only kCancel.
constexpr bool may_steer(OperatorVerb verb, State state) {
  switch (verb) {
    case OperatorVerb::kRetry: return !is_final(state) || state == State::kExhausted;
    case OperatorVerb::kCancel:
    case OperatorVerb::kHold: return !is_final(state);
    case OperatorVerb::kRelease: return state == State::kHeld;
    case OperatorVerb::kResend: return is_final(state);
  }
  return false;
}

struct Job {
  JobId id;
  OperatorVerb verb = OperatorVerb::kCancel;
  ListFilter filter;     // its limit and cursor mean nothing here
  std::string reason;    // of the operator, for every notification that it changes
  bool dry_run = false;  // only counts what matches
  JobState state = JobState::kRunning;
  EngineTime created_at;
  std::optional<EngineTime> finished_at;

  // --- How far it has come; written in the transaction that does the work. ---
  NotificationId below;         // what is left to look at has a smaller id
  std::uint64_t looked_at = 0;  // rows, matching or not
  std::uint64_t matched = 0;    // rows that the filter names and the verb can change
  std::uint64_t applied = 0;    // of these: changed, or (a cancel in flight) the wish recorded
  std::uint64_t refused = 0;    // of these: their state did not allow it by then
};

}  // namespace ackd
