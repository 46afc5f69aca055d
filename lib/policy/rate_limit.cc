#include "policy/rate_limit.h"

#include <algorithm>

namespace ackd {

RateLimit::RateLimit(const Rate& rate)
    : per_second_(static_cast<std::int64_t>(rate.per_second)),
      burst_(static_cast<std::int64_t>(rate.most()) * kOne),
      level_(burst_) {}

void RateLimit::refill(EngineTime now) {
  // Time that seems to run back gives nothing and takes nothing.
  const std::int64_t elapsed_ms = std::max<std::int64_t>(0, now.ms - at_.ms);
  at_ = std::max(at_, now);
  const bool fills_it = elapsed_ms >= time_for(burst_ - level_).count();
  level_ = fills_it ? burst_ : level_ + elapsed_ms * per_second_;
}

// Rounded up: a moment later is soon enough, a moment too early is a turn for nothing.
Duration RateLimit::time_for(std::int64_t missing) const {
  if (missing <= 0) return Duration(0);
  return Duration((missing + per_second_ - 1) / per_second_);
}

bool RateLimit::full(EngineTime now) {
  return wait_until_full(now).count() == 0;
}

Duration RateLimit::wait(EngineTime now, std::size_t count) {
  if (unlimited()) return Duration(0);
  const auto wanted = static_cast<std::int64_t>(count) * kOne;
  if (wanted > burst_) return Duration::max();
  refill(now);
  return time_for(wanted - level_);
}

Duration RateLimit::wait_until_full(EngineTime now) {
  if (unlimited()) return Duration(0);
  refill(now);
  return time_for(burst_ - level_);
}

void RateLimit::take(std::size_t count, EngineTime now) {
  if (unlimited()) return;
  refill(now);
  level_ -= static_cast<std::int64_t>(count) * kOne;
}

void RateLimit::give_back(std::size_t count) {
  level_ = std::min(burst_, level_ + static_cast<std::int64_t>(count) * kOne);
}

void RateLimit::change(const Rate& rate, EngineTime now) {
  RateLimit changed(rate);
  changed.at_ = now;
  if (!unlimited()) {
    refill(now);
    changed.level_ = std::min(changed.burst_, level_);
  }
  *this = changed;
}

}  // namespace ackd
