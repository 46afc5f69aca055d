// How much may pass in a second, as a bucket that fills steadily up to a burst. Pure: time is an argument.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace ackd {

class RateLimit {
 public:
  // A rate of zero lets everything pass; a burst of zero stands for one second's worth.
  RateLimit(std::size_t per_second, std::size_t burst);

  bool unlimited() const { return per_second_ == 0; }

  // Whether as much has come back as can: the bucket is as good as a new one.
  bool full(EngineTime now);

  // How long until something may pass; zero when it may now.
  Duration wait(EngineTime now);

  // Takes `count` from the bucket, more than it holds if need be: a batch passes whole or not at all, and whoever comes
  // after a large one waits for it. REQUIRES: wait() said zero.
  void take(std::size_t count, EngineTime now);

 private:
  void refill(EngineTime now);

  double per_second_;
  double burst_;
  double level_;
  EngineTime at_;
};

}  // namespace ackd
