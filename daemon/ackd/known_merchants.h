// What ackd knows about merchants when it starts: those of the configuration file, those on record with their keys
// opened, who is paused, and the keys that a provider's merchants share.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "crypto/sealing.h"
#include "events/spdlog_log.h"
#include "model/merchant.h"
#include "outbox/merchant_record.h"
#include "outbox/sqlite_merchants.h"
#include "profile/catalogue.h"

namespace ackd {

// The path of the systemd credential with the master keys, whether it is there or not; empty without credentials.
std::string master_key_credential();

std::size_t sealed_keys_of(const MerchantsOpening& recorded);
// How many of them are sealed under another master key than this one.
std::size_t keys_under_others(const MerchantsOpening& recorded, const std::string& master);

// Fails when a key on record does not open, naming the master key that is missing. A merchant of the configuration wins
// over one of the same name on record, with a warning; so does one on record whose options its profile does not know
// any more, or whose provider is gone: what is sent to it is held with a reason, all others go on.
Result<MerchantDirectory> directory_of(const std::vector<ConfiguredMerchant>& configured, MerchantsOpening recorded,
                                       const KeyRing& keys, const ProfileCatalogue& catalogue, const SpdlogLog& log);

std::vector<ConfiguredUrl> urls_of(const std::vector<ConfiguredMerchant>& configured);

}  // namespace ackd
