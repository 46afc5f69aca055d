#include "crypto/evp_key.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/check.h"

namespace ackd {
namespace {

// Below, a signature can be forged with rented machines; above, one signature takes a noticeable part of a second.
constexpr int kRsaBitsMin = 1024;
constexpr int kRsaBitsMax = 8192;

// OpenSSL tells SM2 from other elliptic curves by the curve itself, so a key file that says only "EC" is SM2 when its
// curve is.
const char* key_type(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kSm2Sm3: return "SM2";
    case Algorithm::kEd25519: return "ED25519";
    default: return "RSA";
  }
}

}  // namespace

void EvpKeyDeleter::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

Status fits(const evp_pkey_st& key, Algorithm algorithm) {
  CHECK_THAT(needs_private_key(algorithm), "digests take no key pair");
  const char* wanted = key_type(algorithm);
  if (EVP_PKEY_is_a(&key, wanted) != 1) {
    const char* actual = EVP_PKEY_get0_type_name(&key);
    return invalid(
        fmt::format("the key is of type {}; the signature needs {}", actual == nullptr ? "?" : actual, wanted));
  }
  const int bits = EVP_PKEY_get_bits(&key);
  if (EVP_PKEY_is_a(&key, "RSA") == 1 && (bits < kRsaBitsMin || bits > kRsaBitsMax)) {
    return invalid(fmt::format("the RSA key has {} bits; from {} to {} are allowed", bits, kRsaBitsMin, kRsaBitsMax));
  }
  return Done{};
}

std::string take_openssl_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  ERR_clear_error();
  return reason == nullptr ? "OpenSSL gives no reason" : reason;
}

}  // namespace ackd
