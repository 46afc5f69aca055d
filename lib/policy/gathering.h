// When outcomes are worth a commit. A sync costs as much as a hundred of them: while many requests are in flight the
// next outcomes are near, and those that are there wait a few milliseconds for them.
#pragma once

#include <cstddef>
#include <optional>

#include "base/time.h"

namespace ackd {

class Gathering {
 public:
  static constexpr std::size_t kInFlightMin = 16;
  static constexpr Duration kFor{4};
  static constexpr std::size_t kEnough = 512;  // outcomes; more are not worth waiting for

  struct Load {
    std::size_t outcomes = 0;  // that wait for their commit
    std::size_t in_flight = 0;
    bool hurries = false;  // something else waits too: a caller for an answer, a lane for its rows
  };
  // Whether the commit waits. Time counts from the first yes after a no.
  bool waits(const Load& load, EngineTime now);
  // When it will wait no longer; nothing when it does not.
  std::optional<EngineTime> until() const { return until_; }

 private:
  std::optional<EngineTime> until_;
};

}  // namespace ackd
