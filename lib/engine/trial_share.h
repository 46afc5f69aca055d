// Which of the lanes that may well be dead may try their merchant: together they have at most so many requests in
// flight, so that twenty thousand dead merchants cannot keep the healthy waiting. The others wait in line. The squeezed
// have a share, and those of which nothing is known another.
//
// Lanes that were squeezed by one outage would all be tried at the same instants, and at the first one after it all of
// them would send what had waited. So the trials of the squeezed are spread: no more begin within a step than bring all
// of these lanes round in a minute. Whenever the outage ends, its lanes come back one after the other, at an even pace:
// what counts is how many they were at most within the last minute. Ten a second are always let through.
//
// Of lanes that nothing is known of, those that have waited longest are the likeliest to be dead: whoever answers is
// gone from the line within milliseconds, and a dead one holds its slot until its timeout. So the newest goes first
// there, and every sixteenth time the one that has waited longest: a new merchant waits for the end of one timeout at
// most, and mostly for much less, although twenty thousand dead ones are waiting to be tried.
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
  static constexpr Duration kStep{100};
  static constexpr std::size_t kStepsOfRound = 600;
  static constexpr Duration kRound = kStep * kStepsOfRound;

  enum class Line { kOldestFirst, kNewestFirst };
  static constexpr std::uint64_t kOldestEvery = 16;  // with kNewestFirst

  TrialShare(std::size_t requests_max, Line order) : requests_max_(requests_max), order_(order) {}

  // Time, which everything here goes by until it is called again.
  void advance(EngineTime now);
  // A lane belongs to those whose trials are spread, or does not any more. Where none is counted nothing is spread.
  void count(bool belonged, bool belongs);

  // Lanes whose turn it is count as well: each is about to start a request.
  bool has_slot() const { return trials_ + ready_ < requests_max_; }
  // A slot, and another trial may begin within this step.
  bool has_room() const;
  std::size_t trials() const { return trials_; }

  void enter_ready();
  void leave_ready();
  // Its request counts until the lane has none in flight; one that starts beside others does not.
  void start(Lane& lane);
  static void end(Lane& lane);

  void wait(Lane& lane);
  void leave(const Lane& lane) { waiting_.erase({lane.spot, lane.id}); }
  // Whose turn it is, if there is room for it.
  std::optional<LaneId> next() const;
  // When next() may say something else by itself, always after the present.
  std::optional<EngineTime> next_wake() const;

 private:
  std::size_t per_step() const;

  std::size_t requests_max_;
  Line order_;
  EngineTime now_{};
  std::size_t lanes_ = 0;
  std::size_t lanes_most_ = 0;  // within the last minute
  EngineTime most_ends_ = EngineTime::min();
  EngineTime step_ends_ = EngineTime::min();
  std::size_t begun_ = 0;    // in this step
  std::uint64_t turns_ = 0;  // taken
  std::size_t trials_ = 0;
  std::size_t ready_ = 0;
  std::uint64_t arrivals_ = 0;
  std::set<std::pair<std::uint64_t, LaneId>> waiting_;
};

}  // namespace ackd
