#include "ackd/known_merchants.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "loop/credentials.h"
#include "profile/egress_options.h"
#include "profile/merchant_options.h"

namespace ackd {
namespace {

constexpr const char* kCredential = "ackd-master-key";

template <class OnKey>
void for_each_key(const MerchantsOpening& recorded, OnKey on_key) {
  for (const MerchantRecord& merchant : recorded.merchants) {
    std::for_each(merchant.keys.begin(), merchant.keys.end(), on_key);
  }
  for (const SharedKeysRecord& shared : recorded.shared) {
    std::for_each(shared.keys.begin(), shared.keys.end(), on_key);
  }
}

Result<std::vector<MerchantKey>> open_keys(const KeyRing& ring, const KeyOwner& owner,
                                           const std::vector<SealedKey>& sealed) {
  std::vector<MerchantKey> keys;
  for (const SealedKey& each : sealed) {
    Result<MerchantKey> key = open_key(ring, owner, each.id, each.sealed);
    if (!key) return key.error();
    keys.push_back(*std::move(key));
  }
  return keys;
}

Result<Merchant> merchant_of(MerchantRecord record, const KeyRing& ring) {
  Result<std::vector<MerchantKey>> keys = open_keys(ring, {record.name.provider, record.name.id}, record.keys);
  if (!keys) return keys.error();
  Merchant merchant;
  merchant.provider = std::move(record.name.provider);
  merchant.id = std::move(record.name.id);
  merchant.url = std::move(record.url);
  merchant.keys = *std::move(keys);
  merchant.options = std::move(record.options);
  merchant.hosts = std::move(record.hosts);
  merchant.contact = std::move(record.contact);
  merchant.source = MerchantSource::kRecord;
  merchant.version = record.version;
  merchant.changed_at = record.changed_at;
  return merchant;
}

// Said at every start, so that nobody forgets it.
void report_loosening(const Merchant& merchant, const SpdlogLog& log) {
  const std::optional<EgressSettings> settings = egress_settings_of(merchant);
  if (!settings || !settings->unverified_until) return;
  log.write(LogLevel::kWarning, "tls_unverified",
            fmt::format("the certificate of merchant {}/{}'s server is not verified until {}; take the option "
                        "tls_unverified_until out once it has a good one",
                        merchant.provider, merchant.id, format_rfc3339(settings->unverified_until->ms)),
            {{"provider", merchant.provider}, {"merchant", merchant.id}});
}

// Notices are for operators; the merchant is taken as it is, since its notifications must not be lost over it.
void look_at(const Merchant& merchant, const ProfileCatalogue& catalogue, const SpdlogLog& log) {
  const Profile* profile = catalogue.current(merchant.provider);
  const Status fit =
      profile == nullptr
          ? Status(invalid(fmt::format("merchant {}/{} is on record, and there is no provider of that name "
                                       "any more",
                                       merchant.provider, merchant.id)))
          : check_options(*profile, merchant);
  if (!fit) {
    log.write(LogLevel::kWarning, "merchant_unfit", fit.error().message + "; what is sent to it may be held",
              {{"provider", merchant.provider}, {"merchant", merchant.id}});
  }
}

Status add_recorded(MerchantsOpening recorded, const KeyRing& ring, const ProfileCatalogue& catalogue,
                    const SpdlogLog& log, MerchantDirectory& directory) {
  for (MerchantRecord& record : recorded.merchants) {
    Result<Merchant> merchant = merchant_of(std::move(record), ring);
    if (!merchant) return merchant.error();
    look_at(*merchant, catalogue, log);
    report_loosening(*merchant, log);
    directory.put(*std::move(merchant));
  }
  for (const SharedKeysRecord& shared : recorded.shared) {
    Result<std::vector<MerchantKey>> keys = open_keys(ring, {shared.provider, std::nullopt}, shared.keys);
    if (!keys) return keys.error();
    directory.share(shared.provider, *std::move(keys));
  }
  for (MerchantPause& pause : recorded.paused) {
    directory.pause(std::move(pause.merchant), {std::move(pause.reason), pause.until});
  }
  return Done{};
}

}  // namespace

std::string master_key_credential() {
  const std::string folder = credentials_folder();
  return folder.empty() ? folder : folder + "/" + kCredential;
}

std::size_t sealed_keys_of(const MerchantsOpening& recorded) {
  std::size_t count = 0;
  for_each_key(recorded, [&](const SealedKey&) { ++count; });
  return count;
}

std::size_t keys_under_others(const MerchantsOpening& recorded, const std::string& master) {
  std::size_t count = 0;
  for_each_key(recorded, [&](const SealedKey& key) { count += key.master == master ? 0 : 1; });
  return count;
}

Result<MerchantDirectory> directory_of(const std::vector<ConfiguredMerchant>& configured, MerchantsOpening recorded,
                                       const KeyRing& keys, const ProfileCatalogue& catalogue, const SpdlogLog& log) {
  MerchantDirectory directory;
  if (const Status added = add_recorded(std::move(recorded), keys, catalogue, log, directory); !added) {
    return added.error();
  }
  for (const auto& [merchant, place] : configured) {
    if (directory.find(merchant.provider, merchant.id) != nullptr) {
      log.write(LogLevel::kWarning, "merchant_twice",
                fmt::format("{} is also on record; it is as the configuration says. Take it out there to have the one "
                            "on record",
                            place),
                {{"provider", merchant.provider}, {"merchant", merchant.id}});
    }
    report_loosening(merchant, log);
    directory.put(merchant);
  }
  return directory;
}

std::vector<ConfiguredUrl> urls_of(const std::vector<ConfiguredMerchant>& configured) {
  std::vector<ConfiguredUrl> urls;
  for (const ConfiguredMerchant& each : configured) {
    urls.push_back({{each.merchant.provider, each.merchant.id}, each.merchant.url});
  }
  return urls;
}

}  // namespace ackd
