// The machine's clocks behind the Clock contract.
#pragma once

#include "base/clock.h"

namespace ackd {

// CLOCK_REALTIME and CLOCK_BOOTTIME. libuv's own clock is not enough: it stands still while the machine is suspended,
// and a schedule must not.
class UvClock : public Clock {
 public:
  Moment now() override;
};

}  // namespace ackd
