// The only door to time. Production reads the machine (loop/uv_clock.h); tests and the simulator set it by hand.
#pragma once

#include "base/time.h"

namespace ackd {

class Clock {
 public:
  virtual ~Clock() = default;
  // Both clocks, read together. The wall part may jump between calls; the boot part never goes back.
  virtual Moment now() = 0;
};

}  // namespace ackd
