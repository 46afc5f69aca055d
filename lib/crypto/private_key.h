// Signing with a private key: RSA, SM2 and Ed25519. OpenSSL stays behind this header.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/algorithm.h"
#include "crypto/evp_key.h"

namespace ackd {

// The user id of SM2 signatures unless two parties agree on another (GM/T 0009-2012).
inline constexpr std::string_view kSm2DefaultUserId = "1234567812345678";

// A parsed private key. Signing with one key from several threads at once is safe.
class PrivateKey {
 public:
  // PEM (PKCS#8, PKCS#1, SEC1), unencrypted, or base64 of the DER without PEM lines, as Chinese gateways hand it out.
  // For kEd25519 also base64 of the 32-byte seed or of seed and public key, with or without the prefix "whsk_" of
  // Standard Webhooks. At most kKeyTextBytesMax bytes of text; RSA keys have 1024 to 8192 bits. The key has signed once
  // and verified it, so that halves that do not belong together are refused here and not by every merchant. Errors
  // never quote the key.
  static Result<PrivateKey> parse(std::string_view text, Algorithm algorithm);

  // The raw signature. `user_id` (at most 8,190 bytes) is used by SM2 only, whose signatures differ at each call. Fails
  // when the key is not one for the algorithm.
  Result<std::string> sign(Algorithm algorithm, std::string_view bytes, std::string_view user_id) const;

 private:
  explicit PrivateKey(EvpKey key) : key_(std::move(key)) {}
  EvpKey key_;
};

}  // namespace ackd
