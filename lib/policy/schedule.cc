#include "policy/schedule.h"

#include <algorithm>

#include "base/check.h"

namespace ackd {
namespace {

Duration saturating_add(Duration a, Duration b) {
  if (a > Duration::max() - b) return Duration::max();
  return a + b;
}

Duration jitter(const Schedule& schedule, std::uint64_t random) {
  const auto span = static_cast<std::uint64_t>(schedule.jitter_max.count());
  return Duration(static_cast<std::int64_t>(random % (span + 1)));
}

// Compared in seconds before it becomes milliseconds: a receiver may send any number, and the product would overflow.
Duration clamped_retry_after(const Schedule& schedule, std::int64_t retry_after_s) {
  if (!schedule.honours_retry_after || retry_after_s <= 0) return Duration(0);
  if (retry_after_s > schedule.retry_after_max.count() / 1000) return schedule.retry_after_max;
  return std::chrono::seconds(retry_after_s);
}

}  // namespace

std::optional<EngineTime> next_attempt(const Schedule& schedule, const FailedAttempt& failed) {
  CHECK_THAT(failed.steps_used >= 1, "a failed attempt has used up its own schedule step");
  const std::size_t step = failed.steps_used - 1;
  if (step >= schedule.delays.size()) return std::nullopt;

  const Duration planned = saturating_add(schedule.delays[step], jitter(schedule, failed.random));
  const EngineTime next = failed.ended_at + std::max(planned, clamped_retry_after(schedule, failed.retry_after_s));
  // The final attempt of a notification that is late needs no case of its own: nothing is exhausted before an attempt
  // has failed, so the one that was due in time is made however late, and only here does the limit end it.
  if (schedule.give_up_after && next > failed.counts_from + *schedule.give_up_after) return std::nullopt;
  return next;
}

std::vector<Duration> offsets(const Schedule& schedule) {
  std::vector<Duration> out{Duration(0)};
  for (const Duration delay : schedule.delays) {
    const Duration offset = saturating_add(out.back(), delay);
    if (schedule.give_up_after && offset > *schedule.give_up_after) break;
    out.push_back(offset);
  }
  return out;
}

}  // namespace ackd
