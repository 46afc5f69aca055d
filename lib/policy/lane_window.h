// How many requests may be in flight in one lane, learned from what becomes of them, as Postfix does it (its
// SCHEDULER_README, "Concurrency scheduling"): a small start, more with every success, less with every failure. One
// failure is chance; when a whole windowful fails with no success between, the merchant is down. The lane is squeezed
// then: one request at a time, after a back-off that doubles, until one succeeds. Of a merchant that has not answered
// yet nothing is known, and it has one request too: it may be dead, and a request to it last as long as the timeout.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"
#include "model/notification.h"

namespace ackd {

// What a request that has ended says of its merchant, whatever became of the notification.
enum class LaneFeedback : std::uint8_t {
  kNone,  // nothing: the trouble was ours
  kGood,  // the merchant answers, be it with a refusal
  kBad,   // it cannot be reached, is too slow, or asks for less: 429, 503
};

class LaneWindow {
 public:
  static constexpr Duration kBackOffMin{1'000};
  static constexpr Duration kBackOffMax{60'000};

  LaneWindow() : LaneWindow(1, 1) {}
  // Has `first` requests once the merchant has answered, and never more than `most`. REQUIRES: both are 1 or more.
  LaneWindow(std::size_t first, std::size_t most);

  void set_most(std::size_t most);
  // As at first: what was learned was about somebody else.
  void forget();
  // The merchant's host has answered somebody else of late.
  void know();
  // What the record says of the merchant. A squeeze goes on with the shortest back-off behind it.
  // REQUIRES: nothing was learned yet.
  void recall(LaneStanding standing);
  // 1 or more.
  std::size_t size() const { return size_ / kOne; }
  bool squeezed() const { return back_off_ms_ > 0; }
  bool untried() const { return !known_ && !squeezed(); }

  void on_good();
  // For how long the lane is to be closed now; zero while it is not squeezed.
  // REQUIRES: the request was started under this window, not before the lane was squeezed.
  Duration on_bad();

 private:
  static constexpr std::uint32_t kOne = 1'024;
  std::uint32_t one_of_size() const { return (kOne * kOne + size_ - 1) / size_; }

  std::uint32_t first_;
  std::uint32_t most_;
  std::uint32_t size_;        // in 1/1024 of a request, like the two before
  std::uint32_t failed_ = 0;  // in 1/1024 of a windowful, since the last success
  std::uint32_t back_off_ms_ = 0;
  bool known_ = false;       // has answered since the beginning
  bool comes_back_ = false;  // from a squeeze
};

}  // namespace ackd
