#include "engine/engine_clock.h"

#include <algorithm>
#include <cstdlib>

#include "base/planted_bug.h"

namespace ackd {

EngineClock::EngineClock(Moment start) : boot_(start.boot), now_ms_(start.wall.ms) {}

EngineTime EngineClock::advance(Moment now) {
  std::int64_t elapsed = (now.boot - boot_).count();
  CHECK_THAT(elapsed >= 0, "CLOCK_BOOTTIME went back");
  boot_ = now.boot;
  const std::int64_t still = std::min(stand_still_ms_, elapsed);
  stand_still_ms_ -= still;
  now_ms_ += elapsed - still;
  if (PLANTED(kScheduleOnWallClock)) now_ms_ = std::max(now_ms_, now.wall.ms);
  offset_ms_ = now.wall.ms - now_ms_;
  stepped_ = std::abs(offset_ms_) > kStepMin.count() && stand_still_ms_ == 0;
  if (!stepped_) {
    told_offset_ms_ = 0;
    slew(elapsed - still);
  }
  return {now_ms_};
}

void EngineClock::slew(std::int64_t elapsed_ms) {
  slew_rest_ms_ += elapsed_ms;
  const std::int64_t allowed = slew_rest_ms_ / kSlewDivisor;
  if (allowed == 0) return;
  slew_rest_ms_ %= kSlewDivisor;
  // Backwards at most as much as has just passed, so engine time never goes back.
  const std::int64_t by = std::clamp(offset_ms_, -std::min(allowed, elapsed_ms), allowed);
  now_ms_ += by;
  offset_ms_ -= by;
}

std::optional<Duration> EngineClock::take_step() {
  if (!stepped_ || std::abs(offset_ms_ - told_offset_ms_) <= kStepMin.count()) return std::nullopt;
  told_offset_ms_ = offset_ms_;
  return Duration(offset_ms_);
}

void EngineClock::adopt() {
  if (offset_ms_ > 0) {
    now_ms_ += offset_ms_;
  } else {
    stand_still_ms_ = -offset_ms_;
  }
  offset_ms_ = 0;
  stepped_ = false;
  told_offset_ms_ = 0;
}

}  // namespace ackd
