// Merchants and keys between JSON and values. Secrets go in and never come out: what is shown of a key is its id and
// which parts it has, and no error quotes a value that may be one.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/sealing.h"
#include "engine/engine.h"
#include "model/activation.h"
#include "model/merchant.h"
#include "outbox/merchant_record.h"
#include "policy/egress_settings.h"
#include "profile/catalogue.h"
#include "text/json_reader.h"

namespace ackd {

inline constexpr std::size_t kMerchantKeysMax = 2;
inline constexpr std::size_t kKeyPartBytesMax = 16 * 1024;
inline constexpr std::size_t kContactBytesMax = 512;

// What somebody says that a merchant should be, read and checked as far as that goes without knowing what it is now.
struct MerchantDraft {
  MerchantName name;
  std::string url;  // canonical
  std::vector<std::string> hosts;
  std::string contact;
  std::map<std::string, std::string> options;
  std::optional<std::vector<MerchantKey>> keys;  // absent: as they are; a key without parts: the stored one of that id
  std::optional<std::uint32_t> version;          // that must be there
};

// The members of PUT; of an import's line also provider and id. Errors name the field. Moves secrets out of `json`.
enum class NamedBy : std::uint8_t { kPath, kMembers };
Result<MerchantDraft> read_merchant_draft(JsonValue& json, NamedBy named_by, MerchantName name = {});
// {"keys": [...]}
Result<std::vector<MerchantKey>> read_shared_keys(JsonValue& json);

// What a draft is checked against. All must outlive who holds it.
struct MerchantSurroundings {
  const ProfileCatalogue& catalogue;
  const MerchantDirectory& merchants;
  const EgressMeans& means;
  const Engine& engine;  // knows the time
};

// The merchant that the draft makes of what is there now. Errors name the field: an unknown provider, an option that
// its profile does not have or that names what the configuration does not have, a key to be kept that is not there.
Result<Merchant> merchant_of(MerchantDraft draft, const MerchantSurroundings& there);
// The keys to be put, with those that are to be kept filled in from `present`.
Result<std::vector<MerchantKey>> keys_of(std::vector<MerchantKey> wanted, const std::vector<MerchantKey>& present);

std::vector<SealedKey> seal_keys(const KeyRing& ring, const KeyOwner& owner, const std::vector<MerchantKey>& keys,
                                 Rng& rng);

// [{"id": "k1", "parts": ["secret", "private_key"]}]
nlohmann::ordered_json keys_json(const std::vector<MerchantKey>& keys);

// A name that ackd keeps: 1 to kNameBytesMax bytes of UTF-8 without control characters.
Status check_name(std::string_view text, std::string_view field);

}  // namespace ackd
