#include "api/rate_limit.h"

#include <algorithm>
#include <cmath>

namespace ackd {

RateLimit::RateLimit(std::size_t per_second, std::size_t burst)
    : per_second_(static_cast<double>(per_second)),
      burst_(static_cast<double>(burst == 0 ? per_second : burst)),
      level_(burst_) {}

void RateLimit::refill(EngineTime now) {
  // Time that seems to run back gives nothing and takes nothing.
  const double elapsed_ms = static_cast<double>(std::max<std::int64_t>(0, now.ms - at_.ms));
  level_ = std::min(burst_, level_ + elapsed_ms * per_second_ / 1'000.0);
  at_ = now;
}

bool RateLimit::full(EngineTime now) {
  if (unlimited()) return true;
  refill(now);
  return level_ >= burst_;
}

Duration RateLimit::wait(EngineTime now) {
  if (unlimited()) return Duration(0);
  refill(now);
  if (level_ >= 1) return Duration(0);
  return Duration(static_cast<std::int64_t>(std::ceil((1 - level_) * 1'000.0 / per_second_)));
}

void RateLimit::take(std::size_t count, EngineTime now) {
  if (unlimited()) return;
  refill(now);
  level_ -= static_cast<double>(count);
}

}  // namespace ackd
