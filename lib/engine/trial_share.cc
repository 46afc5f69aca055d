#include "engine/trial_share.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace ackd {

void TrialShare::advance(EngineTime now) {
  now_ = now;
  if (now_ < most_ends_ && lanes_ <= lanes_most_) return;
  lanes_most_ = lanes_;
  most_ends_ = now_ + kRound;
}

void TrialShare::count(bool belonged, bool belongs) {
  CHECK_THAT(lanes_ > 0 || !belonged, "more lanes were squeezed no more than were");
  lanes_ = lanes_ - (belonged ? 1 : 0) + (belongs ? 1 : 0);
}

std::size_t TrialShare::per_step() const {
  const std::size_t lanes = std::max(lanes_, lanes_most_);
  return lanes == 0 ? SIZE_MAX : (lanes + kStepsOfRound - 1) / kStepsOfRound;
}

bool TrialShare::has_room() const {
  return has_slot() && (now_ >= step_ends_ || begun_ < per_step());
}

void TrialShare::enter_ready() {
  if (now_ >= step_ends_) {
    step_ends_ = now_ + kStep;
    begun_ = 0;
  }
  ++begun_;
  ++turns_;
  ++ready_;
}

void TrialShare::leave_ready() {
  CHECK_THAT(ready_ > 0, "more lanes on trial stop being ready than were");
  --ready_;
}

void TrialShare::start(Lane& lane) {
  if (lane.in_flight > 1) return;  // a suspect, beside what was on its way already
  lane.trial_of = this;
  ++trials_;
}

void TrialShare::end(Lane& lane) {
  TrialShare* share = std::exchange(lane.trial_of, nullptr);
  if (share == nullptr) return;
  CHECK_THAT(share->trials_ > 0, "more trials end than were started");
  --share->trials_;
}

void TrialShare::wait(Lane& lane) {
  lane.spot = ++arrivals_;
  waiting_.insert({lane.spot, lane.id});
}

std::optional<LaneId> TrialShare::next() const {
  if (waiting_.empty() || !has_room()) return std::nullopt;
  const bool newest = order_ == Line::kNewestFirst && turns_ % kOldestEvery != 0;
  return newest ? waiting_.rbegin()->second : waiting_.begin()->second;
}

std::optional<EngineTime> TrialShare::next_wake() const {
  if (waiting_.empty() || !has_slot() || has_room()) return std::nullopt;
  return step_ends_;
}

}  // namespace ackd
