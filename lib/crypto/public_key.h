// The other side of private_key.h: what a merchant does, for `ackctl verify` and `ackctl receive`.
#pragma once

#include <string_view>

#include "base/result.h"
#include "crypto/algorithm.h"
#include "crypto/evp_key.h"

namespace ackd {

class PublicKey {
 public:
  // A PEM public key, a PEM certificate (whose dates and issuer nobody checks), a private key in any form of
  // PrivateKey::parse (its public half), or base64 of a public key's DER. For kEd25519 also base64 of the 32 bytes,
  // with or without the prefix "whpk_" of Standard Webhooks; without a prefix 32 bytes are a public key and never a
  // seed.
  static Result<PublicKey> parse(std::string_view text, Algorithm algorithm);

  // The public half of a private key in any form of PrivateKey::parse, where 32 bytes are a seed.
  static Result<PublicKey> of_private(std::string_view text, Algorithm algorithm);

  // False for a wrong signature of any length, for other bytes, and for a key that is not one for the algorithm.
  bool verifies(Algorithm algorithm, std::string_view bytes, std::string_view signature,
                std::string_view user_id) const;

 private:
  explicit PublicKey(EvpKey key) : key_(std::move(key)) {}
  EvpKey key_;
};

}  // namespace ackd
