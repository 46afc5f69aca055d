#include "crypto/keyed_digest.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <memory>

#include "base/check.h"

namespace ackd {
namespace {

struct FreeMac {
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
};
struct FreeMacContext {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

// Fetched once, for the reason that digest.cc gives.
EVP_MAC* fetched_hmac() {
  static const std::unique_ptr<EVP_MAC, FreeMac> mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  CHECK_THAT(mac != nullptr, "OpenSSL offers no HMAC; its configuration must not switch it off");
  return mac.get();
}

std::string digest_name(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kHmacMd5: return "MD5";
    case Algorithm::kHmacSha1: return "SHA1";
    case Algorithm::kHmacSha256: return "SHA256";
    case Algorithm::kHmacSha512: return "SHA512";
    default: return "SM3";
  }
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string keyed_digest(Algorithm algorithm, std::string_view key, std::string_view bytes) {
  CHECK_THAT(is_keyed_digest(algorithm), "only an HMAC is keyed by a secret");
  // A null pointer would tell OpenSSL to keep an earlier key, of which there is none.
  if (key.data() == nullptr) key = "";
  std::string name = digest_name(algorithm);
  const std::array<OSSL_PARAM, 2> params{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), 0),
                                         OSSL_PARAM_construct_end()};
  const std::unique_ptr<EVP_MAC_CTX, FreeMacContext> context(EVP_MAC_CTX_new(fetched_hmac()));
  std::array<char, EVP_MAX_MD_SIZE> raw{};
  std::size_t size = 0;
  const bool done = context != nullptr && EVP_MAC_init(context.get(), bytes_of(key), key.size(), params.data()) == 1 &&
                    EVP_MAC_update(context.get(), bytes_of(bytes), bytes.size()) == 1 &&
                    EVP_MAC_final(context.get(), reinterpret_cast<unsigned char*>(raw.data()), &size, raw.size()) == 1;
  CHECK_THAT(done, "a keyed digest over memory cannot fail");
  return {raw.data(), size};
}

}  // namespace ackd
