// The stage that keeps sending back while most hosts cannot be connected to, and brings it back: trials meanwhile, then
// a ramp (policy/outage.h, policy/ramp.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "engine/core.h"
#include "policy/judge.h"

namespace ackd {

class Suspending {
 public:
  // Requests at once to hosts that do not answer, in all, and of them to those that are known to fail: a host of which
  // nothing is known shall not wait for the timeouts of the dead.
  static constexpr std::size_t kTrialsMax = 4;
  static constexpr std::ptrdiff_t kFailingTrialsMax = 2;

  explicit Suspending(Core& core) : core_(core) {}

  // Time has passed. At the beginning of a turn.
  void advance();
  // What a transfer says about the way to its host. Before the flight's slots are given back.
  void note(const Flight& flight, const Transfer& transfer);
  // Why a failure to connect is not this merchant's, so that it uses up no attempt; empty when it is. `last`: the
  // attempt would be the last one.
  std::string why_not_theirs(const Flight& flight, const Transfer& transfer, bool last) const;
  // Lets lanes go that need not wait any more, and hosts be tried whose turn it is.
  void start_trials();
  std::optional<EngineTime> next_wake() const;

 private:
  void announce();
  bool may_try(HostStanding standing) const;

  Core& core_;
  std::uint64_t not_sent_before_ = 0;  // when sending was suspended
  EngineTime suspended_at_;
};

}  // namespace ackd
