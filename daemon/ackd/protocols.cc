#include "ackd/protocols.h"

#include <fmt/format.h>

#include <utility>

namespace ackd {
namespace {

Status store_current(std::vector<ProfileSource> sources, SqliteOutbox& outbox, ProfileCatalogue& catalogue) {
  for (ProfileSource& source : sources) {
    const Result<RevisionId> revision = outbox.store_revision(source.profile.id, source.profile.hash, source.text);
    if (!revision) return revision.error();
    catalogue.set_current(*revision, std::move(source.profile));
  }
  return Done{};
}

Status load_old(SqliteOutbox& outbox, ProfileCatalogue& catalogue, const SpdlogLog& log) {
  const Result<std::vector<StoredRevision>> stored = outbox.load_revisions();
  if (!stored) return stored.error();
  for (const StoredRevision& revision : *stored) {
    if (catalogue.find(revision.id) != nullptr) continue;
    Result<Profile> profile =
        parse_profile(revision.text, fmt::format("revision {} of {}", revision.id.value, revision.provider));
    if (profile) {
      catalogue.add_old(revision.id, std::move(*profile));
      continue;
    }
    log.write(LogLevel::kError, "revision_unreadable",
              profile.error().message +
                  "; notifications that were admitted under it are held. Go back to the version of "
                  "ackd that wrote it, or cancel them");
  }
  return Done{};
}

}  // namespace

Result<ProfileCatalogue> check_protocols(const Config& config) {
  Result<std::vector<ProfileSource>> sources = load_profiles(config.schedules.folder, config.schedules.overrides);
  if (!sources) return sources.error();
  ProfileCatalogue catalogue;
  std::int64_t number = 0;
  for (ProfileSource& source : *sources) catalogue.set_current(RevisionId{++number}, std::move(source.profile));
  if (const Status checked = check_merchants(config, catalogue); !checked) return checked.error();
  return catalogue;
}

Result<ProfileCatalogue> open_protocols(const Config& config, SqliteOutbox& outbox, const SpdlogLog& log) {
  Result<std::vector<ProfileSource>> sources = load_profiles(config.schedules.folder, config.schedules.overrides);
  if (!sources) return sources.error();
  ProfileCatalogue catalogue;
  if (const Status stored = store_current(std::move(*sources), outbox, catalogue); !stored) return stored.error();
  if (const Status loaded = load_old(outbox, catalogue, log); !loaded) return loaded.error();
  return catalogue;
}

}  // namespace ackd
