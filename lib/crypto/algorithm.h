// The ways in which payment protocols sign, by what each needs: nothing, a shared secret, or a private key.
#pragma once

#include <string>
#include <string_view>

namespace ackd {

enum class Algorithm {
  kNone,  // the message carries no signature
  // Digests; a secret, where there is one, is part of the text.
  kMd5,
  kSha1,
  kSha256,
  kSm3,
  // Keyed by a secret.
  kHmacMd5,
  kHmacSha1,
  kHmacSha256,
  kHmacSha512,
  kHmacSm3,
  // With a private key.
  kRsaSha1,    // PKCS#1 v1.5
  kRsaSha256,  // PKCS#1 v1.5
  kSm2Sm3,     // GB/T 32918.2 with the user id of PrivateKey::sign(); DER
  kEd25519,
};

bool is_plain_digest(Algorithm algorithm);
bool is_keyed_digest(Algorithm algorithm);
// Also: costs a hundred microseconds and more, so it belongs in the signer's own threads.
bool needs_private_key(Algorithm algorithm);

// The raw bytes. REQUIRES: is_plain_digest(algorithm).
std::string plain_digest(Algorithm algorithm, std::string_view bytes);

}  // namespace ackd
