#include "crypto/aes_gcm.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <climits>
#include <memory>

#include "base/check.h"

namespace ackd {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

struct FreeCipher {
  void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
};
struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

// Fetched once, for the reason that digest.cc gives.
const EVP_CIPHER* fetched_cipher() {
  static const std::unique_ptr<EVP_CIPHER, FreeCipher> cipher(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr));
  CHECK_THAT(cipher != nullptr, "OpenSSL offers no AES-256-GCM; its configuration must not switch it off");
  return cipher.get();
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Status check_sizes(std::string_view key, std::string_view nonce, std::string_view associated_data,
                   std::string_view text) {
  if (key.size() != kKeyBytes) {
    return invalid(fmt::format("the AES-256-GCM key has {} bytes; it must have {}", key.size(), kKeyBytes));
  }
  if (nonce.size() != kNonceBytes) {
    return invalid(fmt::format("the AES-256-GCM nonce has {} bytes; it must have {}", nonce.size(), kNonceBytes));
  }
  // OpenSSL counts in int.
  CHECK_THAT(associated_data.size() < INT_MAX && text.size() < INT_MAX, "contents are bounded far below");
  return Done{};
}

enum class Direction : int { kOpen = 0, kSeal = 1 };

// Both directions up to the tag.
bool run(EVP_CIPHER_CTX* context, Direction direction, std::string_view key, std::string_view nonce,
         std::string_view associated_data, std::string_view in, std::string& out) {
  int size = 0;
  out.resize(in.size());
  return EVP_CipherInit_ex2(context, fetched_cipher(), bytes_of(key), bytes_of(nonce), static_cast<int>(direction),
                            nullptr) == 1 &&
         EVP_CipherUpdate(context, nullptr, &size, bytes_of(associated_data),
                          static_cast<int>(associated_data.size())) == 1 &&
         EVP_CipherUpdate(context, reinterpret_cast<unsigned char*>(out.data()), &size, bytes_of(in),
                          static_cast<int>(in.size())) == 1;
}

}  // namespace

Result<std::string> seal_aes_256_gcm(std::string_view key, std::string_view nonce, std::string_view associated_data,
                                     std::string_view plaintext) {
  if (const Status sizes = check_sizes(key, nonce, associated_data, plaintext); !sizes) return sizes.error();
  const Context context(EVP_CIPHER_CTX_new());
  std::string sealed;
  std::string tag(kTagBytes, '\0');
  int size = 0;
  const bool done = run(context.get(), Direction::kSeal, key, nonce, associated_data, plaintext, sealed) &&
                    EVP_CipherFinal_ex(context.get(), reinterpret_cast<unsigned char*>(tag.data()), &size) == 1 &&
                    EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes, tag.data()) == 1;
  CHECK_THAT(done, "sealing memory cannot fail");
  return sealed + tag;
}

Result<std::string> open_aes_256_gcm(std::string_view key, std::string_view nonce, std::string_view associated_data,
                                     std::string_view sealed) {
  if (const Status sizes = check_sizes(key, nonce, associated_data, sealed); !sizes) return sizes.error();
  if (sealed.size() < kTagBytes) {
    return invalid(fmt::format("the sealed bytes are {}; the tag alone has {}", sealed.size(), kTagBytes));
  }
  const Context context(EVP_CIPHER_CTX_new());
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string plaintext;
  int size = 0;
  const bool ran = run(context.get(), Direction::kOpen, key, nonce, associated_data,
                       sealed.substr(0, sealed.size() - kTagBytes), plaintext);
  CHECK_THAT(ran, "decrypting memory cannot fail before the tag is compared");
  if (EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) == 1 &&
      EVP_CipherFinal_ex(context.get(), reinterpret_cast<unsigned char*>(tag.data()), &size) == 1) {
    return plaintext;
  }
  ERR_clear_error();
  return invalid(
      "the sealed bytes do not open: the key, the nonce, the associated data or the bytes are not the original");
}

}  // namespace ackd
