#include "crypto/public_key.h"

#include "crypto/evp_signature.h"
#include "crypto/key_text.h"

namespace ackd {

Result<PublicKey> PublicKey::parse(std::string_view text, Algorithm algorithm) {
  Result<EvpKey> key = read_key(text, KeyHalf::kPublic, algorithm);
  if (!key) return key.error();
  return PublicKey(*std::move(key));
}

Result<PublicKey> PublicKey::of_private(std::string_view text, Algorithm algorithm) {
  Result<EvpKey> key = read_key(text, KeyHalf::kPrivate, algorithm);
  if (!key) return key.error();
  return PublicKey(*std::move(key));
}

bool PublicKey::verifies(Algorithm algorithm, std::string_view bytes, std::string_view signature,
                         std::string_view user_id) const {
  return verifies_with(*key_, algorithm, bytes, signature, user_id);
}

}  // namespace ackd
