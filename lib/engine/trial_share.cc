#include "engine/trial_share.h"

#include <utility>

#include "base/check.h"

namespace ackd {

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
  lane.line_turn = ++turns_;
  waiting_.insert({lane.line_turn, lane.id});
}

std::optional<LaneId> TrialShare::next() const {
  if (waiting_.empty() || !has_room()) return std::nullopt;
  return waiting_.begin()->second;
}

}  // namespace ackd
