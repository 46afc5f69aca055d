#include "engine/handover.h"

#include "base/planted_bug.h"

namespace ackd {

Handover hand_over(Core& core, const Recovery& recovery, OperatorChange& change) {
  const NotificationId id = change.id;
  const std::optional<Whereabouts> where = core.flights.whereabouts(id);
  if (where == Whereabouts::kSettling || (where == Whereabouts::kOperating && !PLANTED(kChangesOverlap)) ||
      recovery.is_unrecorded(id)) {
    return Handover::kBusy;
  }
  if (where == Whereabouts::kFlying) {
    change.in_flight = true;
    if (change.verb == OperatorVerb::kCancel) core.flights.find(id)->cancel_asked = true;
    return Handover::kInFlight;
  }
  if (PLANTED(kStartDuringChange)) return Handover::kTaken;
  core.flights.operate(id);
  if (Lane* lane = core.lanes.holder_of(id)) {
    core.lanes.drop_pages(*lane);
    core.lanes.reconsider(*lane, core.clock.now());
  }
  return Handover::kTaken;
}

void take_back(Core& core, const OperatorChange& change) {
  if (Flight* flight = core.flights.find(change.id)) {
    if (change.verb == OperatorVerb::kCancel) flight->cancel_asked = false;
  } else if (core.flights.whereabouts(change.id) == Whereabouts::kOperating) {
    core.flights.forget(change.id);
  }
}

}  // namespace ackd
