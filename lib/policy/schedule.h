// When a notification is sent again. Pure: time and chance come as arguments.
//
// A schedule of N delays allows 1 + N sends. The delay counts from the end of the failed attempt; jitter only adds.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"

namespace ackd {

struct Schedule {
  std::vector<Duration> delays;           // before the 2nd, 3rd ... send
  std::optional<Duration> give_up_after;  // counted from admission or not_before
  bool honours_retry_after = false;
  Duration retry_after_max{std::chrono::hours(1)};  // a longer Retry-After is clamped to this
  Duration jitter_max{0};
  unsigned jitter_percent = 0;  // of each delay, on top of it; the larger of the two jitters counts

  std::size_t sends_max() const { return delays.size() + 1; }
};

inline constexpr std::size_t kDelaysMax = 2'000;

// "First, then times `factor` up to `cap`": `repeats` delays.
struct ExponentialRule {
  Duration first{0};
  double factor = 2.0;
  Duration cap{0};
  std::size_t repeats = 0;
};
// REQUIRES: first > 0, factor >= 1, cap >= first, repeats <= kDelaysMax. Each delay is rounded down to whole seconds
// (below one second: milliseconds).
std::vector<Duration> exponential_delays(const ExponentialRule& rule);

// What just happened and what is known, as next_attempt() needs it. REQUIRES: steps_used >= 1.
struct FailedAttempt {
  std::uint32_t steps_used = 0;  // sends that used up a schedule step, this one included: 1 after the first failure
  EngineTime ended_at;
  EngineTime counts_from;                   // admission or not_before
  std::int64_t retry_after_s = -1;          // as the answer said; -1 for none
  std::uint64_t random = 0;                 // drawn by the caller; used for jitter only
  std::optional<Duration> give_up_after{};  // of the merchant, instead of the schedule's
};

// The next attempt's due time, or nothing when the schedule has ended (EXHAUSTED).
//   next = ended_at + max(delay of this step + jitter, clamped Retry-After where honoured)
// A next attempt beyond `give_up_after` is not made, but a notification that had no attempt since then (daemon down,
// lane squeezed) is never exhausted without one final attempt: that attempt is made when due, and only its failure
// ends.
std::optional<EngineTime> next_attempt(const Schedule& schedule, const FailedAttempt& failed);

// Whether the schedule has a step left after so many, so that only `give_up_after` can have ended it.
inline bool has_steps_left(const Schedule& schedule, std::uint32_t steps_used) {
  return steps_used <= schedule.delays.size();
}

// The offset of each send from the first one, when every attempt fails at once: what `explain` prints.
std::vector<Duration> offsets(const Schedule& schedule);

}  // namespace ackd
