#include "policy/repeated_alarm.h"

namespace ackd {

void RepeatedAlarm::count(EngineTime now) {
  if (struck_ == 0) began_ = now;
  ++struck_;
}

bool RepeatedAlarm::strike(EngineTime now) {
  count(now);
  if (told_ == kToldPerMinute) return false;
  ++told_;
  return true;
}

std::size_t RepeatedAlarm::take_untold(EngineTime now) {
  if (struck_ == 0 || now < began_ + kMinute) return 0;
  const std::size_t untold = struck_ - told_;
  struck_ = told_ = 0;
  return untold;
}

std::optional<EngineTime> RepeatedAlarm::untold_at() const {
  if (struck_ == told_) return std::nullopt;
  return began_ + kMinute;
}

}  // namespace ackd
