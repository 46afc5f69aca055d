#include "policy/repeated_alarm.h"

namespace ackd {

bool RepeatedAlarm::strike(EngineTime now) {
  if (struck_ == 0) began_ = now;
  return ++struck_ <= kToldPerMinute;
}

std::size_t RepeatedAlarm::take_untold(EngineTime now) {
  if (struck_ == 0 || now < began_ + kMinute) return 0;
  const std::size_t untold = struck_ > kToldPerMinute ? struck_ - kToldPerMinute : 0;
  struck_ = 0;
  return untold;
}

std::optional<EngineTime> RepeatedAlarm::untold_at() const {
  if (struck_ <= kToldPerMinute) return std::nullopt;
  return began_ + kMinute;
}

}  // namespace ackd
