// The stored life-cycle of a notification, as design.md draws it. "In flight" is not among the states: the owning
// process keeps it in memory and the row stays pending until its outcome is committed.
//
//   admit ------> PENDING --settle: acknowledged-------> DELIVERED
//     |           ^  |  |---settle: schedule ends------> EXHAUSTED --retry--> a new notification (replay_of)
//     | release,  |  |  '---cancel---------------------> CANCELLED
//     |   retry   |  | hold                               ^
//     '---------> HELD ------cancel-----------------------'
//   resend of any that has ended: a new notification (replay_of) too
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ackd {

// Stored as these numbers: never renumber.
enum class State : std::uint8_t { kPending = 0, kHeld = 1, kDelivered = 2, kExhausted = 3, kCancelled = 4 };
inline constexpr int kStateCount = 5;

const char* name_of(State state);  // "pending", "held", "delivered", "exhausted", "cancelled"
std::optional<State> parse_state(std::string_view name);

constexpr bool is_final(State state) {
  return state >= State::kDelivered;
}

// The one table of legal changes; every store checks it, so history is never rewritten by a late or doubled settlement.
// A pending or held notification may "change" to its own state (next attempt, a new reason).
constexpr bool may_change(State from, State to) {
  if (is_final(from)) return false;
  if (from == State::kHeld) return to == State::kPending || to == State::kHeld || to == State::kCancelled;
  return true;
}

// Which share of its lane's turns a pending notification takes part in. Stored as these numbers.
enum class DueClass : std::uint8_t { kFresh = 0, kRetry = 1 };

}  // namespace ackd
