// A merchant as the record keeps it. Keys are here in sealed form only (crypto/sealing.h): what opens them is never in
// the record.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/activation.h"

namespace ackd {

// A named key under the master key. Its associated data are provider, owner and key id, so that a sealed key cannot be
// moved to another merchant's row.
struct SealedKey {
  std::string id;      // what attempts and logs call it
  std::string master;  // id of the master key that opens it
  std::string sealed;
};

struct MerchantRecord {
  MerchantName name;
  std::uint32_t version = 0;       // grows by one with every change; the first is 1
  std::string url;                 // canonical, or empty
  std::vector<std::string> hosts;  // that a notification's own URL may name; empty for any
  std::string contact;
  std::map<std::string, std::string> options;
  std::vector<SealedKey> keys;  // the first signs
  EngineTime changed_at;
};

// What an operator said about sending to a merchant. Kept apart from MerchantRecord, because merchants of the
// configuration file are paused too.
struct MerchantPause {
  MerchantName merchant;
  std::string reason;
  std::optional<EngineTime> until{};  // when sending is to go on by itself; nothing: when an operator says so
};

// Keys that all merchants of a provider share: what a merchant's own keys leave out is taken from them.
struct SharedKeysRecord {
  std::string provider;
  std::vector<SealedKey> keys;
};

// A sealed key with its owner: a merchant, or without one all merchants of the provider.
struct SealedKeyRow {
  std::string provider;
  std::optional<std::string> merchant;
  SealedKey key;
};

// What the record knows about merchants when it is opened.
struct MerchantsOpening {
  std::vector<MerchantRecord> merchants;
  std::vector<MerchantPause> paused;
  std::vector<SharedKeysRecord> shared;
};

}  // namespace ackd
