#include "ackctl/patience.h"

#include <algorithm>

namespace ackd {

void Patience::progress(BootTime now) {
  since_ = now;
  next_wait_ = kFirstWait;
}

Duration Patience::left(BootTime now) const {
  return std::max(Duration(0), since_ + limit_ - now);
}

std::optional<Duration> Patience::wait(BootTime now, Duration asked_for) {
  const Duration left_now = left(now);
  if (left_now.count() == 0) return std::nullopt;
  const Duration wait = std::max(next_wait_, std::min(asked_for, kLongestWaitAskedFor));
  next_wait_ = std::min(next_wait_ * 2, kLongestWait);
  return std::min(wait, left_now);
}

}  // namespace ackd
