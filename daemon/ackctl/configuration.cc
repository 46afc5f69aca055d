#include "ackctl/configuration.h"

#include <fmt/format.h>

#include <utility>

#include "config/config.h"
#include "profile/catalogue.h"
#include "text/url.h"

namespace ackd {
namespace {

// The path by which `receive` tells merchants apart; empty where each notification brings its own URL.
std::string path_of(const Merchant& merchant) {
  const auto url = parse_url(merchant.url);
  return url ? url->path : std::string();
}

const Profile* find_in(const std::vector<Profile>& profiles, std::string_view id) {
  for (const Profile& profile : profiles) {
    if (profile.id == id) return &profile;
  }
  return nullptr;
}

}  // namespace

Result<std::string> daemon_address(const GlobalOptions& options) {
  if (!options.socket.empty()) return options.socket;
  if (options.config_file.empty()) {
    const Config defaults;
    return defaults.listen.empty() ? defaults.data_dir + "/ackd.sock" : defaults.listen;
  }
  auto config = load_config(options.config_file);
  if (!config) return config.error();
  return std::move(config->listen);
}

Result<CheckedConfig> check_config(const std::string& file, const std::string& schedules_dir) {
  auto config = load_config(file);
  if (!config) return config.error();
  if (!schedules_dir.empty()) config->schedules = {schedules_dir, ""};
  auto sources = load_profiles(config->schedules.folder, config->schedules.overrides);
  if (!sources) return sources.error();
  CheckedConfig checked;
  ProfileCatalogue catalogue;
  for (ProfileSource& source : *sources) {
    checked.profiles.push_back(source.profile);
    catalogue.set_current(RevisionId{static_cast<std::int64_t>(checked.profiles.size())}, std::move(source.profile));
  }
  if (const Status known = check_merchants(*config, catalogue); !known) return known.error();
  checked.config = *std::move(config);
  return checked;
}

Result<std::vector<KnownMerchant>> merchants_of_config(const GlobalOptions& options, std::vector<Profile>& profiles) {
  auto checked = check_config(options.config_file, options.schedules_dir);
  if (!checked) return checked.error();
  profiles = std::move(checked->profiles);
  std::vector<KnownMerchant> known;
  for (const ConfiguredMerchant& configured : checked->config.merchants) {
    const Profile* profile = find_in(profiles, configured.merchant.provider);
    CHECK_THAT(profile != nullptr, "check_merchants has found every merchant's provider");
    known.push_back({profile, configured.merchant, path_of(configured.merchant)});
  }
  return known;
}

Result<KnownProtocol> find_in_config(const GlobalOptions& options, const std::string& provider,
                                     const std::string& merchant) {
  auto checked = check_config(options.config_file, options.schedules_dir);
  if (!checked) return checked.error();
  for (ConfiguredMerchant& configured : checked->config.merchants) {
    if (configured.merchant.provider != provider || configured.merchant.id != merchant) continue;
    const Profile* profile = find_in(checked->profiles, provider);
    CHECK_THAT(profile != nullptr, "check_merchants has found every merchant's provider");
    return KnownProtocol{*profile, std::move(configured.merchant)};
  }
  return Error{
      ErrorCode::kNotFound, fmt::format("{} has no merchant '{}' of {}", options.config_file, merchant, provider), {}};
}

}  // namespace ackd
