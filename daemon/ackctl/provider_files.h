// Profiles for the verbs that work without the daemon.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "profile/profile.h"

namespace ackd {

// The folder to read: the one asked for, else the installed one, else ./schedules, else that of the tree it was built
// from.
Result<std::string> schedules_folder(const std::string& asked_for);

// Every profile of the folder, by provider.
Result<std::vector<Profile>> all_profiles(const std::string& asked_for);

// One provider's profile. An unknown provider's error (kNotFound) lists those that there are.
Result<Profile> find_profile(const std::string& asked_for, std::string_view provider);

// A file of any name, for `provider check` and `provider diff`; errors name the file with line and column.
Result<Profile> read_profile_file(const std::string& path);

}  // namespace ackd
