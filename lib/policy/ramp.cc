#include "policy/ramp.h"

#include <algorithm>

namespace ackd {
namespace {

// 8 doubled so often is more than any configuration allows.
constexpr std::int64_t kStepsMax = 20;

}  // namespace

void Ramp::start(std::size_t in_flight, EngineTime now) {
  first_ = in_flight + kFirst;
  started_at_ = now;
}

std::size_t Ramp::limit(EngineTime now) const {
  if (!started_at_) return most_;
  const std::int64_t steps = (now - *started_at_) / kStep;
  return steps >= kStepsMax ? most_ : std::min(most_, first_ << steps);
}

std::optional<EngineTime> Ramp::next_step(EngineTime now) const {
  if (!rising(now)) return std::nullopt;
  return *started_at_ + kStep * ((now - *started_at_) / kStep + 1);
}

}  // namespace ackd
