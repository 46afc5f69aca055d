#include "crypto/evp_signature.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>

#include "base/check.h"

namespace ackd {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

Context new_context() {
  Context context(EVP_MD_CTX_new());
  CHECK_THAT(context != nullptr, "only a machine without memory refuses a context");
  return context;
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Null where the algorithm does its own digesting.
const char* digest_name(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kRsaSha1: return "SHA1";
    case Algorithm::kRsaSha256: return "SHA256";
    case Algorithm::kSm2Sm3: return "SM3";
    default: return nullptr;
  }
}

bool set_user_id(EVP_PKEY_CTX* context, Algorithm algorithm, std::string_view user_id) {
  if (algorithm != Algorithm::kSm2Sm3) return true;
  return EVP_PKEY_CTX_set1_id(context, user_id.data(), static_cast<int>(user_id.size())) == 1;
}

Error failed() {
  return invalid(fmt::format("the key does not sign: {}", take_openssl_reason()));
}

}  // namespace

Result<std::string> sign_with(evp_pkey_st& key, Algorithm algorithm, std::string_view bytes, std::string_view user_id) {
  if (const Status fit = fits(key, algorithm); !fit) return fit.error();
  const Context context = new_context();
  EVP_PKEY_CTX* options = nullptr;  // belongs to `context`
  std::size_t size = 0;
  if (EVP_DigestSignInit_ex(context.get(), &options, digest_name(algorithm), nullptr, nullptr, &key, nullptr) != 1 ||
      !set_user_id(options, algorithm, user_id) ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes_of(bytes), bytes.size()) != 1) {
    return failed();
  }
  std::string signature(size, '\0');
  auto* out = reinterpret_cast<unsigned char*>(signature.data());
  if (EVP_DigestSign(context.get(), out, &size, bytes_of(bytes), bytes.size()) != 1) return failed();
  signature.resize(size);  // DER signatures are shorter than the first answer said
  return signature;
}

bool verifies_with(evp_pkey_st& key, Algorithm algorithm, std::string_view bytes, std::string_view signature,
                   std::string_view user_id) {
  if (!fits(key, algorithm)) return false;
  const Context context = new_context();
  EVP_PKEY_CTX* options = nullptr;  // belongs to `context`
  const bool verified =
      EVP_DigestVerifyInit_ex(context.get(), &options, digest_name(algorithm), nullptr, nullptr, &key, nullptr) == 1 &&
      set_user_id(options, algorithm, user_id) &&
      EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(bytes), bytes.size()) == 1;
  ERR_clear_error();
  return verified;
}

}  // namespace ackd
