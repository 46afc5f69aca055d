#include "crypto/aes_gcm.h"

#include <doctest/doctest.h>

#include "crypto/digest.h"

namespace ackd {
namespace {

std::string raw(std::string_view hex) {
  return *from_hex(hex);
}

// Test case 16 of "The Galois/Counter Mode of Operation", which NIST published.
struct Published {
  std::string key = raw("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  std::string nonce = raw("cafebabefacedbaddecaf888");
  std::string associated_data = raw("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  std::string plaintext =
      raw("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
          "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
  std::string sealed =
      raw("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
          "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
          "76fc6ece0f4e1768cddf8853bb2d551b");
};

TEST_CASE("sealing gives the published ciphertext and tag, opening the plaintext") {
  const Published it;
  CHECK(*seal_aes_256_gcm(it.key, it.nonce, it.associated_data, it.plaintext) == it.sealed);
  CHECK(*open_aes_256_gcm(it.key, it.nonce, it.associated_data, it.sealed) == it.plaintext);
}

TEST_CASE("nothing sealed without associated data gives the published tag alone") {
  const std::string key(32, '\0');
  const std::string nonce(12, '\0');
  const std::string tag = raw("530f8afbc74536b9a963b4f1c4cb738b");
  CHECK(*seal_aes_256_gcm(key, nonce, {}, {}) == tag);
  CHECK(open_aes_256_gcm(key, nonce, {}, tag)->empty());
  CHECK(to_text(*seal_aes_256_gcm(key, nonce, "", std::string(16, '\0')), DigestForm::kHexLower) ==
        "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
}

TEST_CASE("a change of any byte of the ciphertext or the tag is refused") {
  const Published it;
  for (std::size_t i = 0; i < it.sealed.size(); ++i) {
    std::string changed = it.sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(open_aes_256_gcm(it.key, it.nonce, it.associated_data, changed));
  }
}

TEST_CASE("another key, nonce, associated data or length is refused") {
  const Published it;
  std::string other = it.key;
  other[31] = static_cast<char>(other[31] ^ 1);
  CHECK_FALSE(open_aes_256_gcm(other, it.nonce, it.associated_data, it.sealed));
  other = it.nonce;
  other[0] = static_cast<char>(other[0] ^ 1);
  CHECK_FALSE(open_aes_256_gcm(it.key, other, it.associated_data, it.sealed));
  CHECK_FALSE(open_aes_256_gcm(it.key, it.nonce, "", it.sealed));
  for (std::size_t size = 0; size < it.sealed.size(); ++size) {
    CHECK_FALSE(open_aes_256_gcm(it.key, it.nonce, it.associated_data, it.sealed.substr(0, size)));
  }
  CHECK_FALSE(open_aes_256_gcm(it.key, it.nonce, it.associated_data, it.sealed + "x"));
}

TEST_CASE("a key or nonce of another length is an error that names the length only") {
  const Published it;
  const auto short_key = seal_aes_256_gcm("secret", it.nonce, "", "x");
  REQUIRE_FALSE(short_key);
  CHECK(short_key.error().message == "the AES-256-GCM key has 6 bytes; it must have 32");
  const auto long_nonce = seal_aes_256_gcm(it.key, "1234567890123", "", "x");
  REQUIRE_FALSE(long_nonce);
  CHECK(long_nonce.error().message == "the AES-256-GCM nonce has 13 bytes; it must have 12");
  CHECK_FALSE(open_aes_256_gcm("", it.nonce, "", it.sealed));
  CHECK_FALSE(open_aes_256_gcm(it.key, "", "", it.sealed));
}

}  // namespace
}  // namespace ackd
