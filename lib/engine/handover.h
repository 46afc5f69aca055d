// What must happen in memory before an operator's change of a notification may enter a batch, whether it was asked for
// alone or by a job.
#pragma once

#include "engine/core.h"
#include "engine/recovery.h"

namespace ackd {

enum class Handover : std::uint8_t {
  kTaken,     // it cannot start until the change is committed and Flights::forget() is called
  kInFlight,  // the change is marked so; a cancel is noted on the flight, anything else is refused
  kBusy,      // nothing was done: something else about it is being committed, or it is a survivor not yet recorded
};

Handover hand_over(Core& core, const Recovery& recovery, OperatorChange& change);

// The batch with the change was not carried out.
void take_back(Core& core, const OperatorChange& change);

}  // namespace ackd
