#include "crypto/private_key.h"

#include "crypto/evp_signature.h"
#include "crypto/key_text.h"

namespace ackd {
namespace {

// A private key whose public half is another's signs without complaint, and no merchant accepts the signature.
Status try_out(evp_pkey_st& key, Algorithm algorithm) {
  const std::string_view text = "a trial of this key";
  const Result<std::string> signature = sign_with(key, algorithm, text, kSm2DefaultUserId);
  if (!signature) return signature.error();
  if (verifies_with(key, algorithm, text, *signature, kSm2DefaultUserId)) return Done{};
  return invalid("the private key is damaged: its public half does not verify what it signs");
}

}  // namespace

Result<PrivateKey> PrivateKey::parse(std::string_view text, Algorithm algorithm) {
  Result<EvpKey> key = read_key(text, KeyHalf::kPrivate, algorithm);
  if (!key) return key.error();
  if (const Status tried = try_out(**key, algorithm); !tried) return tried.error();
  return PrivateKey(*std::move(key));
}

Result<std::string> PrivateKey::sign(Algorithm algorithm, std::string_view bytes, std::string_view user_id) const {
  return sign_with(*key_, algorithm, bytes, user_id);
}

}  // namespace ackd
