#include "policy/ramp.h"

#include <algorithm>

namespace ackd {

void Ramp::start(std::size_t in_flight, EngineTime now) {
  first_ = in_flight + kFirst;
  started_at_ = now;
}

std::size_t Ramp::limit(EngineTime now) const {
  if (!started_at_) return most_;
  const auto steps = static_cast<std::size_t>((now - *started_at_) / kStep);
  return steps >= kSteps ? most_ : std::min(most_, first_ + steps * std::max(kFirst, most_ / kSteps));
}

std::optional<EngineTime> Ramp::next_step(EngineTime now) const {
  if (!rising(now)) return std::nullopt;
  return *started_at_ + kStep * ((now - *started_at_) / kStep + 1);
}

}  // namespace ackd
