// What ackctl takes from the daemon's configuration file.
#pragma once

#include <string>
#include <vector>

#include "ackctl/received.h"
#include "ackctl/verb.h"
#include "base/result.h"
#include "config/config.h"
#include "profile/profile.h"

namespace ackd {

struct CheckedConfig {
  Config config;
  std::vector<Profile> profiles;
};

// Everything that ackd checks at start before it opens anything: the file, the key files it names, the profiles, and
// that merchants and profiles fit. A `schedules_dir` stands in for the folders that the file names.
Result<CheckedConfig> check_config(const std::string& file, const std::string& schedules_dir);

// Every merchant of the file with its key, for `receive` to stand for. `profiles` is filled with the profiles that they
// point to and must not change while they live.
Result<std::vector<KnownMerchant>> merchants_of_config(const GlobalOptions& options, std::vector<Profile>& profiles);

// One merchant of the file with its profile. An unknown one is kNotFound.
struct KnownProtocol {
  Profile profile;
  Merchant merchant;
};
Result<KnownProtocol> find_in_config(const GlobalOptions& options, const std::string& provider,
                                     const std::string& merchant);

}  // namespace ackd
