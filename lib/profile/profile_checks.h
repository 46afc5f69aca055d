// Whether the parts of a profile fit together: names that one part uses exist in the other, and nothing is said that
// would be ignored. Kept apart from reading because these rules are about protocols, not about YAML.
#pragma once

#include "profile/profile.h"
#include "profile/yaml_section.h"

namespace ackd {

// `root` is the document that `profile` was read from, for the line of what is wrong.
void check_profile(const Profile& profile, const YamlNode& root, YamlTrouble& trouble);

}  // namespace ackd
