#include "ackctl/provider_files.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "config/config.h"
#include "profile/catalogue.h"

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

Result<Profile> find_profile(const std::string& asked_for, std::string_view provider) {
  const auto folder = schedules_folder(asked_for);
  if (!folder) return folder.error();
  auto sources = load_profiles(*folder, "");
  if (!sources) return sources.error();
  std::string known;
  for (ProfileSource& source : *sources) {
    if (source.profile.id == provider) return std::move(source.profile);
    known += (known.empty() ? "" : ", ") + source.profile.id;
  }
  return Error{ErrorCode::kNotFound, fmt::format("{} has no provider '{}'; it has {}", *folder, provider, known), {}};
}

}  // namespace ackd
