// Which of the lanes that may well be dead may try their merchant: together they have at most so many requests in
// flight, so that twenty thousand dead merchants cannot keep the healthy waiting. The others wait in line. The squeezed
// have a share, and those of which nothing is known another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "engine/lane.h"

namespace ackd {

class TrialShare {
 public:
  explicit TrialShare(std::size_t requests_max) : requests_max_(requests_max) {}

  // Lanes whose turn it is count as well: each is about to start a request.
  bool has_room() const { return trials_ + ready_ < requests_max_; }
  std::size_t trials() const { return trials_; }

  void enter_ready() { ++ready_; }
  void leave_ready();
  // Its request counts until the lane has none in flight; one that starts beside others does not.
  void start(Lane& lane);
  static void end(Lane& lane);

  void wait(Lane& lane);
  void leave(const Lane& lane) { waiting_.erase({lane.line_turn, lane.id}); }
  // Who has waited longest, if there is room for it.
  std::optional<LaneId> next() const;

 private:
  std::size_t requests_max_;
  std::size_t trials_ = 0;
  std::size_t ready_ = 0;
  std::uint64_t turns_ = 0;
  std::set<std::pair<std::uint64_t, LaneId>> waiting_;
};

}  // namespace ackd
