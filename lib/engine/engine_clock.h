// Engine time: what every schedule runs on. It is the wall time at start plus CLOCK_BOOTTIME, slewed slowly towards the
// wall clock, so that a stepped clock never expires, floods or hastens anything.
#pragma once

#include <optional>

#include "base/time.h"

namespace ackd {

class EngineClock {
 public:
  explicit EngineClock(Moment start);

  // Engine time at `now`; never goes back. REQUIRES: now.boot does not go back.
  EngineTime advance(Moment now);
  EngineTime now() const { return {now_ms_}; }

  // Wall minus engine time as of the last advance. Beyond kStepMin it is a step: it is reported once by take_step(), as
  // is each further one, and not slewed away; only adopt() or a restart makes engine time follow.
  Duration offset() const { return Duration(offset_ms_); }
  // The wall clock at the newest reading.
  WallTime wall() const { return {now().ms + offset_ms_}; }
  std::optional<Duration> take_step();

  // An operator has confirmed the wall clock: engine time jumps to it. A jump back is not made (time would repeat):
  // engine time then stands still until the wall clock has caught up.
  void adopt();

  static constexpr Duration kStepMin{60'000};
  // One millisecond in two thousand: a second of drift is gone after about half an hour.
  static constexpr std::int64_t kSlewDivisor = 2'000;

 private:
  void slew(std::int64_t elapsed_ms);

  BootTime boot_;
  std::int64_t now_ms_;
  std::int64_t offset_ms_ = 0;
  std::int64_t slew_rest_ms_ = 0;  // elapsed time not yet turned into whole milliseconds of slew
  std::int64_t stand_still_ms_ = 0;
  bool stepped_ = false;
  std::int64_t told_offset_ms_ = 0;  // by take_step()
};

}  // namespace ackd
