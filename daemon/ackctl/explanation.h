// What `ackctl explain` says of a provider. Pure, so that tests compare texts.
#pragma once

#include <string>

#include "ackctl/document.h"
#include "ackctl/terminal.h"
#include "base/time.h"
#include "profile/profile.h"

namespace ackd {

// [{"attempt":1,"after_s":0},...]: seconds from the first send when every attempt fails at once. Whole seconds are
// integers. Scripts depend on exactly this shape.
Document timetable_of(const Schedule& schedule);

// The timetable with instants counted from `from`, how a request is made and signed, what counts as acknowledgement,
// and where each fact comes from.
std::string explanation_of(const Profile& profile, WallTime from, const Terminal& terminal);

}  // namespace ackd
