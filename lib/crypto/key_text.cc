#include "crypto/key_text.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>
#include <string>

#include "base/check.h"
#include "base/secret.h"
#include "crypto/digest.h"

namespace ackd {
namespace {

// Of a seed, and of a public key.
constexpr std::size_t kEd25519Bytes = 32;
// Standard Webhooks marks its private and public keys so that they are not taken for each other.
constexpr std::string_view kSeedPrefix = "whsk_";
constexpr std::string_view kPointPrefix = "whpk_";

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeDecoder {
  void operator()(OSSL_DECODER_CTX* context) const { OSSL_DECODER_CTX_free(context); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;
using Decoder = std::unique_ptr<OSSL_DECODER_CTX, FreeDecoder>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;

// Refuses, and remembers in `asked`. Without a function of ours OpenSSL would ask on the terminal and wait.
int refuse_password(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

const char* name_of(KeyHalf half) {
  return half == KeyHalf::kPrivate ? "private" : "public";
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

Bio bio_over(std::string_view bytes) {
  Bio bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  CHECK_THAT(bio != nullptr, "only a machine without memory refuses a buffer");
  return bio;
}

// The first key in `bytes`, which are PEM or DER. A PEM file may have other blocks in front ("EC PARAMETERS"), each of
// which costs one round.
EvpKey decode(std::string_view bytes, int selection, bool& password_asked) {
  EVP_PKEY* key = nullptr;
  const Decoder decoder(OSSL_DECODER_CTX_new_for_pkey(&key, nullptr, nullptr, nullptr, selection, nullptr, nullptr));
  CHECK_THAT(decoder != nullptr, "only a machine without memory refuses a decoder");
  OSSL_DECODER_CTX_set_pem_password_cb(decoder.get(), refuse_password, &password_asked);
  const Bio bio = bio_over(bytes);
  std::size_t before = bytes.size() + 1;
  while (key == nullptr && !password_asked && BIO_ctrl_pending(bio.get()) < before) {
    before = BIO_ctrl_pending(bio.get());
    OSSL_DECODER_from_bio(decoder.get(), bio.get());
  }
  return EvpKey(key);
}

EvpKey key_of_certificate(std::string_view pem) {
  bool password_asked = false;
  const Certificate certificate(PEM_read_bio_X509(bio_over(pem).get(), nullptr, refuse_password, &password_asked));
  return EvpKey(certificate == nullptr ? nullptr : X509_get_pubkey(certificate.get()));
}

Result<EvpKey> decode_half(std::string_view bytes, KeyHalf half) {
  bool password_asked = false;
  EvpKey key;
  if (half == KeyHalf::kPublic) key = decode(bytes, EVP_PKEY_PUBLIC_KEY, password_asked);
  // The public half of a private key is a public key as well.
  if (key == nullptr) key = decode(bytes, EVP_PKEY_KEYPAIR, password_asked);
  const bool public_only =
      key == nullptr && half == KeyHalf::kPrivate && decode(bytes, EVP_PKEY_PUBLIC_KEY, password_asked) != nullptr;
  // For every kind of junk OpenSSL's own reason is "unsupported", which helps nobody.
  ERR_clear_error();
  if (key != nullptr) return key;
  if (public_only) return invalid("the text holds a public key; a private key is needed");
  if (password_asked) {
    return invalid(
        fmt::format("the {} key is encrypted with a password, which ackd has no place for; write it without one "
                    "(openssl pkey -in FILE -out NEW)",
                    name_of(half)));
  }
  return invalid(
      fmt::format("the {} key cannot be read; write PEM with its line breaks (in YAML behind '|'), or base64 "
                  "of DER",
                  name_of(half)));
}

Result<EvpKey> ed25519_private(std::string_view raw) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(raw.data());
  EvpKey key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes, kEd25519Bytes));
  CHECK_THAT(key != nullptr, "any 32 bytes are a seed");
  if (raw.size() == kEd25519Bytes) return key;
  std::string point(kEd25519Bytes, '\0');
  std::size_t size = point.size();
  EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(point.data()), &size);
  if (point == raw.substr(kEd25519Bytes)) return key;
  return invalid("the private key is damaged: the last 32 of its 64 bytes are not the public key of the first 32");
}

Result<EvpKey> ed25519_public(std::string_view raw) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(raw.data());
  EvpKey key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes, raw.size()));
  CHECK_THAT(key != nullptr, "any 32 bytes are taken for a point");
  return key;
}

// Base64 that people copied may be broken into lines.
Result<Secret> decode_base64(std::string_view text, KeyHalf half) {
  std::string joined(text);
  std::erase_if(joined, is_blank);
  const Secret wiped_afterwards(std::move(joined));
  Result<std::string> bytes = from_base64(wiped_afterwards.reveal());
  if (bytes) return Secret(*std::move(bytes));
  return invalid(fmt::format("the {} key is neither PEM nor base64: {}", name_of(half), bytes.error().message));
}

Result<EvpKey> read_base64(std::string_view text, KeyHalf half, Algorithm algorithm) {
  const bool ed25519 = algorithm == Algorithm::kEd25519;
  const bool says_seed = ed25519 && text.starts_with(kSeedPrefix);
  const bool says_point = ed25519 && text.starts_with(kPointPrefix);
  if (says_seed || says_point) text.remove_prefix(kSeedPrefix.size());
  const Result<Secret> decoded = decode_base64(text, half);
  if (!decoded) return decoded.error();
  const std::string& bytes = decoded->reveal();
  if (!ed25519) return decode_half(bytes, half);

  if (says_point && half == KeyHalf::kPrivate)
    return invalid("the key is a public one (whpk_); a private one is needed");
  if (bytes.size() == 2 * kEd25519Bytes) return ed25519_private(bytes);
  if (bytes.size() != kEd25519Bytes) return decode_half(bytes, half);
  if (half == KeyHalf::kPrivate || says_seed) return ed25519_private(bytes);
  return ed25519_public(bytes);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

Result<EvpKey> read_any(std::string_view text, KeyHalf half, Algorithm algorithm) {
  if (text.find("-----BEGIN ") == std::string_view::npos) return read_base64(trimmed(text), half, algorithm);
  if (half == KeyHalf::kPublic && text.find("CERTIFICATE-----") != std::string_view::npos) {
    if (EvpKey key = key_of_certificate(text)) return key;
  }
  return decode_half(text, half);
}

}  // namespace

Result<EvpKey> read_key(std::string_view text, KeyHalf half, Algorithm algorithm) {
  if (text.size() > kKeyTextBytesMax) {
    return Error{
        ErrorCode::kTooLarge,
        fmt::format("the {} key's text has {} bytes; the limit is {}", name_of(half), text.size(), kKeyTextBytesMax),
        {}};
  }
  if (trimmed(text).empty()) return invalid(fmt::format("the {} key is empty", name_of(half)));
  Result<EvpKey> key = read_any(text, half, algorithm);
  if (!key) return key;
  if (const Status fit = fits(**key, algorithm); !fit) return fit.error();
  return key;
}

}  // namespace ackd
