#include "policy/schedule.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace ackd {
namespace {

Duration saturating_add(Duration a, Duration b) {
  if (a > Duration::max() - b) return Duration::max();
  return a + b;
}

// A percentage of a delay without end would overflow.
Duration percent_of(Duration delay, unsigned percent) {
  if (percent == 0) return Duration(0);
  if (delay.count() > Duration::max().count() / percent) return Duration::max();
  return delay * percent / 100;
}

Duration jitter(const Schedule& schedule, Duration delay, std::uint64_t random) {
  const Duration most = std::max(schedule.jitter_max, percent_of(delay, schedule.jitter_percent));
  const auto span = static_cast<std::uint64_t>(most.count());
  return Duration(static_cast<std::int64_t>(random % (span + 1)));
}

// People read and compare timetables in seconds; what is shorter than one keeps its milliseconds.
Duration whole_seconds(Duration delay) {
  if (delay < std::chrono::seconds(1)) return delay;
  return std::chrono::floor<std::chrono::seconds>(delay);
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

  const Duration delay = schedule.delays[step];
  const Duration planned = saturating_add(delay, jitter(schedule, delay, failed.random));
  const EngineTime next = failed.ended_at + std::max(planned, clamped_retry_after(schedule, failed.retry_after_s));
  // The final attempt of a notification that is late needs no case of its own: nothing is exhausted before an attempt
  // has failed, so the one that was due in time is made however late, and only here does the limit end it.
  const std::optional<Duration> limit = failed.give_up_after ? failed.give_up_after : schedule.give_up_after;
  if (limit && next > failed.counts_from + *limit) return std::nullopt;
  return next;
}

std::vector<Duration> exponential_delays(const ExponentialRule& rule) {
  CHECK_THAT(rule.first.count() > 0 && rule.factor >= 1 && rule.cap >= rule.first, "the rule was validated");
  CHECK_THAT(rule.repeats <= kDelaysMax, "the rule was validated");
  std::vector<Duration> delays;
  const auto cap_ms = static_cast<double>(rule.cap.count());
  auto delay_ms = static_cast<double>(rule.first.count());
  for (std::size_t i = 0; i < rule.repeats; ++i) {
    // To the nearest millisecond first: a product that is a whole second but for the last bit is that second.
    delays.push_back(delay_ms < cap_ms ? whole_seconds(Duration(std::llround(delay_ms))) : whole_seconds(rule.cap));
    delay_ms = std::min(delay_ms * rule.factor, cap_ms);
  }
  return delays;
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
