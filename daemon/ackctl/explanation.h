// What `ackctl explain` and `ackctl provider show` say of a provider. Pure, so that tests compare texts.
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

// The timetable with instants counted from `from`, the facts in words, and where each comes from.
std::string explanation_of(const Profile& profile, WallTime from, const Terminal& terminal);

// The facts in words, every field as a row of a table, and where each fact comes from.
std::string description_of(const Profile& profile, const Terminal& terminal);
// {"id","title","revision","facts":[{"label","text"}],"fields":[{...}],"timetable":[...],"sources":[{...}]}.
Document document_of(const Profile& profile);

}  // namespace ackd
