// Keys at rest. What the record holds of a merchant's key is sealed with AES-256-GCM under a master key that is never
// in the record, so that a copied database, backup or WAL tells nobody a secret.
//
//   sealed   version 0x01 | id of the master key (8) | nonce (12) | ciphertext | tag (16)
//   text     length of the secret (4, big-endian) | secret | private key
//   with it  version and master key id | kind (0 shared, 1 merchant) | provider, merchant and key id, each with its
//            length: associated data, so that a sealed key opens for nobody but its owner, under its own name
//
// Nonces are drawn at random. 2^32 seals under one master key stay far from a repeat that matters; a rotation starts
// anew.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/rng.h"
#include "base/secret.h"
#include "model/merchant.h"

namespace ackd {

inline constexpr std::size_t kMasterKeyBytes = 32;

struct MasterKey {
  std::string id;  // 16 hex digits of a digest: names the key without telling a bit of it
  Secret bytes;
};

// REQUIRES: kMasterKeyBytes bytes.
MasterKey master_key_of(Secret bytes);
MasterKey draw_master_key(Rng& rng);

// The master keys in force: the first seals, all of them open.
class KeyRing {
 public:
  // REQUIRES: at least one key.
  explicit KeyRing(std::vector<MasterKey> keys);

  const MasterKey& current() const { return keys_.front(); }
  const MasterKey* find(std::string_view id) const;
  const std::vector<MasterKey>& keys() const { return keys_; }
  void put_first(MasterKey key);
  void drop_older();

 private:
  std::vector<MasterKey> keys_;
};

// Whose key it is. Without a merchant it is one that the provider's merchants share.
struct KeyOwner {
  std::string_view provider;
  std::optional<std::string_view> merchant;
};

// Under the ring's current master key.
std::string seal_key(const KeyRing& ring, const KeyOwner& owner, const MerchantKey& key, Rng& rng);

// Which master key opens it, for a message and for knowing what a rotation has left; empty when these bytes were not
// made by seal_key().
std::string master_of(std::string_view sealed);

// Fails when its master key is not in the ring, naming the id, and when it is not what was sealed for this owner and
// key id.
Result<MerchantKey> open_key(const KeyRing& ring, const KeyOwner& owner, std::string_view key_id,
                             std::string_view sealed);

}  // namespace ackd
