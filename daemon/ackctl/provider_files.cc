#include "ackctl/provider_files.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "ackctl/verb.h"
#include "config/config.h"
#include "profile/catalogue.h"
#include "text/nearest_name.h"

namespace ackd {
namespace {

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

}  // namespace

Result<std::string> schedules_folder(const std::string& asked_for) {
  if (!asked_for.empty()) return asked_for;
  for (const char* folder : {ACKD_SCHEDULES_DIR, "schedules", ACKD_BUILT_FROM "/schedules"}) {
    if (is_folder(folder)) return std::string(folder);
  }
  return Error{
      ErrorCode::kNotFound,
      fmt::format("there is no {} and no ./schedules; name the folder with --schedules DIR", ACKD_SCHEDULES_DIR),
      {}};
}

Result<std::vector<Profile>> all_profiles(const std::string& asked_for) {
  const auto folder = schedules_folder(asked_for);
  if (!folder) return folder.error();
  auto sources = load_profiles(*folder, "");
  if (!sources) return sources.error();
  std::vector<Profile> profiles;
  for (ProfileSource& source : *sources) profiles.push_back(std::move(source.profile));
  return profiles;
}

Result<Profile> find_profile(const std::string& asked_for, std::string_view provider) {
  auto profiles = all_profiles(asked_for);
  if (!profiles) return profiles.error();
  std::vector<std::string> names;
  for (Profile& profile : *profiles) {
    if (profile.id == provider) return std::move(profile);
    names.push_back(profile.id);
  }
  const std::string hint = did_you_mean(provider, names);
  return Error{ErrorCode::kNotFound,
               fmt::format("there is no provider '{}'{}", provider,
                           hint.empty() ? fmt::format("; there are {}", fmt::join(names, ", ")) : hint),
               {}};
}

Result<Profile> read_profile_file(const std::string& path) {
  const auto text = read_input(path);
  if (!text) return text.error();
  return parse_profile(*text, path);
}

}  // namespace ackd
