#include "crypto/keyed_digest.h"

#include <doctest/doctest.h>

#include "crypto/digest.h"

namespace ackd {
namespace {

std::string hex(Algorithm algorithm, std::string_view key, std::string_view bytes) {
  return to_text(keyed_digest(algorithm, key, bytes), DigestForm::kHexLower);
}

constexpr std::string_view kQuestion = "what do ya want for nothing?";
constexpr std::string_view kLongKeyText = "Test Using Larger Than Block-Size Key - Hash Key First";

TEST_CASE("HMAC-MD5 and HMAC-SHA-1 give the values of RFC 2202") {
  CHECK(hex(Algorithm::kHmacMd5, std::string(16, '\x0b'), "Hi There") == "9294727a3638bb1c13f48ef8158bfc9d");
  CHECK(hex(Algorithm::kHmacMd5, "Jefe", kQuestion) == "750c783e6ab0b503eaa86e310a5db738");
  CHECK(hex(Algorithm::kHmacMd5, std::string(80, '\xaa'), kLongKeyText) == "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd");
  CHECK(hex(Algorithm::kHmacSha1, std::string(20, '\x0b'), "Hi There") == "b617318655057264e28bc0b6fb378c8ef146be00");
  CHECK(hex(Algorithm::kHmacSha1, "Jefe", kQuestion) == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  CHECK(hex(Algorithm::kHmacSha1, std::string(80, '\xaa'), kLongKeyText) == "aa4ae5e15272d00e95705637ce8a3b55ed402112");
}

TEST_CASE("HMAC-SHA-256 and HMAC-SHA-512 give the values of RFC 4231") {
  CHECK(hex(Algorithm::kHmacSha256, std::string(20, '\x0b'), "Hi There") ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hex(Algorithm::kHmacSha256, "Jefe", kQuestion) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hex(Algorithm::kHmacSha256, std::string(131, '\xaa'), kLongKeyText) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  CHECK(hex(Algorithm::kHmacSha512, "Jefe", kQuestion) ==
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
        "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
}

TEST_CASE("HMAC-SM3 gives the value of GM/T 0042") {
  std::string key;
  for (char c = 1; c <= 32; ++c) key.push_back(c);
  const std::string text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  CHECK(hex(Algorithm::kHmacSm3, key, text + text) ==
        "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a");
}

TEST_CASE("an empty key and an empty text are taken as they are") {
  // The HMAC-SHA-256 of nothing under no key, as Python's hmac module gives it.
  const std::string expected = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
  CHECK(hex(Algorithm::kHmacSha256, "", "") == expected);
  CHECK(hex(Algorithm::kHmacSha256, {}, {}) == expected);
}

TEST_CASE("each algorithm belongs to one class") {
  CHECK(is_plain_digest(Algorithm::kMd5));
  CHECK(is_plain_digest(Algorithm::kSm3));
  CHECK(is_keyed_digest(Algorithm::kHmacMd5));
  CHECK(is_keyed_digest(Algorithm::kHmacSm3));
  CHECK(needs_private_key(Algorithm::kRsaSha1));
  CHECK(needs_private_key(Algorithm::kEd25519));
  for (int i = 0; i <= static_cast<int>(Algorithm::kEd25519); ++i) {
    const auto algorithm = static_cast<Algorithm>(i);
    const int classes =
        int{is_plain_digest(algorithm)} + int{is_keyed_digest(algorithm)} + int{needs_private_key(algorithm)};
    CHECK(classes == (algorithm == Algorithm::kNone ? 0 : 1));
  }
}

TEST_CASE("a plain digest is the digest of its kind") {
  CHECK(plain_digest(Algorithm::kMd5, "abc") == digest(DigestKind::kMd5, "abc"));
  CHECK(plain_digest(Algorithm::kSha1, "abc") == digest(DigestKind::kSha1, "abc"));
  CHECK(plain_digest(Algorithm::kSha256, "abc") == digest(DigestKind::kSha256, "abc"));
  CHECK(plain_digest(Algorithm::kSm3, "abc") == digest(DigestKind::kSm3, "abc"));
}

}  // namespace
}  // namespace ackd
