// How sending comes back after it was suspended: a few requests in flight at first, and as many more every second,
// until it is all of them after sixteen. What waited for an hour does not fall upon merchants, and upon a network that
// has only just returned, all at once: however long such a straight line rises, its last second has less than twice the
// mean, where a ramp that doubles brings half of everything in its last one.
#pragma once

#include <cstddef>
#include <optional>

#include "base/time.h"

namespace ackd {

class Ramp {
 public:
  static constexpr std::size_t kFirst = 8;
  static constexpr std::size_t kSteps = 16;
  static constexpr Duration kStep{1'000};

  // `most` is what may be in flight when there is no ramp.
  explicit Ramp(std::size_t most) : most_(most) {}

  // What is in flight already is healthy, so that the first step is on top of it.
  void start(std::size_t in_flight, EngineTime now);
  void stop() { started_at_.reset(); }

  // Requests that may be in flight.
  std::size_t limit(EngineTime now) const;
  bool rising(EngineTime now) const { return limit(now) < most_; }
  // When limit() will be another one, always after `now`; nothing when it has reached its end.
  std::optional<EngineTime> next_step(EngineTime now) const;

 private:
  std::size_t most_;
  std::size_t first_ = 0;
  std::optional<EngineTime> started_at_;
};

}  // namespace ackd
