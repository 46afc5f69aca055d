// What lanes know of their merchants: from the record, from what becomes of requests, from a host that answers others.
#include "base/planted_bug.h"
#include "engine/lanes.h"

namespace ackd {

// One that was squeezed is tried at once, in its turn: how long it has been so, the record does not say.
void Lanes::recall(Lane& lane, LaneStanding standing) {
  if (PLANTED(kForgetStanding)) standing = LaneStanding::kUnknown;
  lane.heard = standing;
  lane.window.recall(standing);
  squeezed_.count(false, lane.window.squeezed());
  if (outage_.standing(hosts_[lane.host].origin) == HostStanding::kReached) lane.window.know();
}

// What its window has learned, and what closed it, was about another host. Somebody has just given it this one, and
// what is in flight to the other does not stand in the way.
void Lanes::begin_anew(Lane& lane) {
  TrialShare::end(lane);
  const bool was_squeezed = lane.window.squeezed();
  lane.window.forget();
  squeezed_.count(was_squeezed, false);
  lane.window.know();
  lane.heard = LaneStanding::kUnknown;  // as the outbox has it, since the same commit
  lane.untold = false;
  lane.opens_at = EngineTime::min();
}

// What was on its way when the lane was squeezed has no further say in it.
Duration Lanes::learn(Lane& lane, LaneFeedback feedback, bool was_trial) {
  const bool was_squeezed = lane.window.squeezed();
  if (feedback == LaneFeedback::kGood) {
    lane.window.on_good();
    lane.hear(LaneStanding::kAnswers);
    TrialShare::end(lane);
  }
  const bool has_no_say = was_squeezed && !was_trial;
  Duration closed(0);
  if (feedback == LaneFeedback::kBad && !has_no_say && !PLANTED(kSqueezeNobody)) closed = lane.window.on_bad();
  if (closed.count() > 0) lane.hear(LaneStanding::kSqueezed);
  squeezed_.count(was_squeezed, lane.window.squeezed());
  return closed;
}

// In which its requests count; nothing when its merchant answers.
TrialShare* Lanes::share_of(const Lane& lane) {
  if (lane.window.squeezed()) return &squeezed_;
  return lane.window.untried() ? &untried_ : nullptr;
}

}  // namespace ackd
