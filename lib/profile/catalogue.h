// Every profile revision that this process knows: the current one of each provider, and older ones that notifications
// were admitted under.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "model/ids.h"
#include "profile/profile.h"

namespace ackd {

// A profile file as read: its parsed form and the text that is stored with the revision.
struct ProfileSource {
  Profile profile;
  std::string text;
};

// Reads every *.yaml of `folder`; with `overrides` (may be empty) a local file wins over a shipped one of the same
// name. One bad file fails the whole: a daemon that silently lacks a provider loses its notifications.
Result<std::vector<ProfileSource>> load_profiles(const std::string& folder, const std::string& overrides);

class ProfileCatalogue {
 public:
  // Makes `profile` the one for new admissions of its provider, known under `revision`.
  void set_current(RevisionId revision, Profile profile);
  // Adds an older revision, for notifications that were admitted under it.
  void add_old(RevisionId revision, Profile profile);

  const Profile* current(std::string_view provider) const;
  RevisionId current_revision(std::string_view provider) const;  // {0} when unknown
  const Profile* find(RevisionId revision) const;
  std::vector<const Profile*> all_current() const;  // by provider id

 private:
  // unique_ptr keeps references valid while the maps grow.
  std::unordered_map<RevisionId, std::unique_ptr<Profile>> revisions_;
  std::map<std::string, RevisionId, std::less<>> current_;
};

}  // namespace ackd
