// The same trouble may strike a hundred thousand lanes within a minute. The first few times of a minute are told one by
// one, the others as a number at its end, so that a log says what happens and does not drown in it.
#pragma once

#include <cstddef>
#include <optional>

#include "base/time.h"

namespace ackd {

class RepeatedAlarm {
 public:
  static constexpr std::size_t kToldPerMinute = 10;
  static constexpr Duration kMinute{60'000};

  // It has struck once more. Whether this time is to be told by itself.
  bool strike(EngineTime now);
  // The same where nobody wants to be told of single times.
  void count(EngineTime now);
  // How many were not told of a minute that is over; 0 when there is nothing to tell.
  std::size_t take_untold(EngineTime now);
  // When take_untold() will have something.
  std::optional<EngineTime> untold_at() const;

 private:
  EngineTime began_ = EngineTime::min();
  std::size_t struck_ = 0;  // since then
  std::size_t told_ = 0;    // of them
};

}  // namespace ackd
