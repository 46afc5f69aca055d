// How long to wait before the same is asked again, and when to stop asking: as long as the daemon says, otherwise
// longer each time, and never past a limit that starts anew with every progress.
#pragma once

#include <optional>

#include "base/time.h"

namespace ackd {

class Patience {
 public:
  static constexpr Duration kFirstWait{200};
  static constexpr Duration kLongestWait{5'000};
  // A daemon that asks for longer is asked again anyway: its trouble may be over earlier than it guessed.
  static constexpr Duration kLongestWaitAskedFor{30'000};

  explicit Patience(Duration limit) : limit_(limit) {}

  void progress(BootTime now);

  // After one more failure. `asked_for` is zero when the answer did not say. The last wait ends at the limit, so that
  // there is one attempt at its very end; nothing once it is over.
  std::optional<Duration> wait(BootTime now, Duration asked_for);

  // What is left; zero when it is over.
  Duration left(BootTime now) const;
  Duration limit() const { return limit_; }

 private:
  Duration limit_;
  BootTime since_;
  Duration next_wait_ = kFirstWait;
};

}  // namespace ackd
