// What may be asked of the engine about merchants. Each carries what memory gets to hold, keys in the open, beside what
// the record gets, keys sealed; the engine puts the one into force once the other is committed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/activation.h"
#include "model/merchant.h"
#include "outbox/merchant_record.h"
#include "outbox/slices.h"

namespace ackd {

// Its version and time are set by the commit.
struct MerchantPut {
  Merchant merchant;
  std::vector<SealedKey> keys;  // merchant.keys, sealed
  std::optional<std::uint32_t> expected_version;
};

struct MerchantRemoval {
  MerchantName merchant;
  std::optional<std::uint32_t> expected_version;
};

struct MerchantPausing {
  MerchantName merchant;
  bool paused = true;
  std::string reason;
  std::optional<EngineTime> until{};  // when it ends by itself
};

// The reason of a resumption that no operator asked for.
inline constexpr const char* kPauseOver = "its end has come";

struct SharedKeysPut {
  std::string provider;
  std::vector<MerchantKey> keys;
  std::vector<SealedKey> sealed;
};

// All of them or none. A hundred thousand are too many to copy in one turn, so both forms come ready made.
struct MerchantsPut {
  MerchantImport import;
  std::vector<Merchant> merchants;  // one for each record of the import, in its order
};

using MerchantWrite = std::variant<MerchantPut, MerchantRemoval, MerchantPausing, SharedKeysPut, MerchantsPut>;

MerchantRecord record_of(const Merchant& merchant, std::vector<SealedKey> keys);

}  // namespace ackd
