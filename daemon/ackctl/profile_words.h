// A profile in words: what `explain`, `provider show` and `provider diff` say of it. Pure.
#pragma once

#include <string>
#include <vector>

#include "profile/profile.h"

namespace ackd {

// "acknowledgement" - "body is exactly 'OK' with status 200".
struct ProfileFact {
  std::string label;
  std::string text;
};

// Everything but fields and timetable, in the order in which people ask; facts that a profile has not are left out.
std::vector<ProfileFact> facts_of(const Profile& profile);

// One field as a row of cells for people, under the columns of field_columns().
std::vector<std::string> field_columns();
std::vector<std::string> field_cells(const Profile& profile, const FieldRule& rule);

// "query, GET", "form": method and encoding as a profile writes them.
std::string encoding_text(const Profile& profile);

}  // namespace ackd
