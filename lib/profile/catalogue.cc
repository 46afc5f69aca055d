#include "profile/catalogue.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <utility>

namespace ackd {
namespace {

namespace fs = std::filesystem;

Error unreadable(const fs::path& path, const std::error_code& why) {
  return {ErrorCode::kIo, fmt::format("cannot read {}: {}", path.string(), why.message()), {}};
}

// Adds the folder's *.yaml by provider name; a later folder's file replaces an earlier one's.
Status collect(const std::string& folder, std::map<std::string, fs::path>& files) {
  std::error_code trouble;
  fs::directory_iterator entries(folder, trouble);
  for (const fs::directory_iterator end; !trouble && entries != end; entries.increment(trouble)) {
    const fs::path& path = entries->path();
    const bool hidden = path.filename().string().starts_with('.');
    if (path.extension() == ".yaml" && !hidden) files[path.stem().string()] = path;
  }
  if (trouble) return unreadable(folder, trouble);
  return Done{};
}

// One byte above the limit is enough for the parser to refuse the file and name its limit.
Result<std::string> read_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string text(kProfileBytesMax + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream.is_open() || stream.bad()) {
    return unreadable(path, std::make_error_code(std::errc::io_error));
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

Result<ProfileSource> load_profile(const std::string& provider, const fs::path& path) {
  Result<std::string> text = read_file(path);
  if (!text) return text.error();
  Result<Profile> profile = parse_profile(*text, path.string());
  if (!profile) return profile.error();
  if (profile->id != provider) {
    return invalid(fmt::format("{}:1: provider: the file describes '{}'; name it {}.yaml", path.string(), profile->id,
                               profile->id),
                   "provider");
  }
  return ProfileSource{*std::move(profile), *std::move(text)};
}

}  // namespace

Result<std::vector<ProfileSource>> load_profiles(const std::string& folder, const std::string& overrides) {
  std::map<std::string, fs::path> files;
  if (const Status found = collect(folder, files); !found) return found.error();
  if (!overrides.empty()) {
    if (const Status found = collect(overrides, files); !found) return found.error();
  }
  if (files.empty()) {
    return Error{ErrorCode::kNotFound, fmt::format("{} holds no provider profile (*.yaml)", folder), {}};
  }
  std::vector<ProfileSource> sources;
  for (const auto& [provider, path] : files) {
    Result<ProfileSource> source = load_profile(provider, path);
    if (!source) return source.error();
    sources.push_back(*std::move(source));
  }
  return sources;
}

void ProfileCatalogue::set_current(RevisionId revision, Profile profile) {
  current_[profile.id] = revision;
  add_old(revision, std::move(profile));
}

void ProfileCatalogue::add_old(RevisionId revision, Profile profile) {
  revisions_[revision] = std::make_unique<Profile>(std::move(profile));
}

const Profile* ProfileCatalogue::current(std::string_view provider) const {
  return find(current_revision(provider));
}

RevisionId ProfileCatalogue::current_revision(std::string_view provider) const {
  const auto found = current_.find(provider);
  return found == current_.end() ? RevisionId{} : found->second;
}

const Profile* ProfileCatalogue::find(RevisionId revision) const {
  const auto found = revisions_.find(revision);
  return found == revisions_.end() ? nullptr : found->second.get();
}

std::vector<const Profile*> ProfileCatalogue::all_current() const {
  std::vector<const Profile*> out;
  for (const auto& [provider, revision] : current_) out.push_back(find(revision));
  return out;
}

}  // namespace ackd
