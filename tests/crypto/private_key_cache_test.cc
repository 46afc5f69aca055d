#include "crypto/private_key_cache.h"

#include <doctest/doctest.h>

#include "crypto/digest.h"
#include "crypto/public_key.h"
#include "test_keys.h"

namespace ackd {
namespace {

// A valid Ed25519 key for each number.
Secret seed(char number) {
  return Secret(to_text(std::string(32, number), DigestForm::kBase64));
}

TEST_CASE("a key is parsed once and found again by its text and algorithm") {
  PrivateKeyCache cache;
  const Secret text{std::string(test_keys::kRsaPrivate)};
  const PrivateKey* first = *cache.get(text, Algorithm::kRsaSha256);
  CHECK(*cache.get(text, Algorithm::kRsaSha256) == first);
  CHECK(cache.size() == 1);
  CHECK(*cache.get(text, Algorithm::kRsaSha1) != first);
  CHECK(cache.size() == 2);
}

TEST_CASE("the key that was used longest ago makes room") {
  PrivateKeyCache cache(2);
  const PrivateKey* a = *cache.get(seed('a'), Algorithm::kEd25519);
  REQUIRE(cache.get(seed('b'), Algorithm::kEd25519));
  CHECK(*cache.get(seed('a'), Algorithm::kEd25519) == a);
  REQUIRE(cache.get(seed('c'), Algorithm::kEd25519));  // drops b
  CHECK(cache.size() == 2);
  CHECK(*cache.get(seed('a'), Algorithm::kEd25519) == a);
}

TEST_CASE("every answer is the key of its own text, however many pass through") {
  PrivateKeyCache cache(3);
  for (int round = 0; round < 3; ++round) {
    for (char number = 0; number < 10; ++number) {
      const Result<const PrivateKey*> key = cache.get(seed(number), Algorithm::kEd25519);
      REQUIRE(key);
      const PublicKey half = *PublicKey::parse("whsk_" + seed(number).reveal(), Algorithm::kEd25519);
      CHECK(half.verifies(Algorithm::kEd25519, "t", *(*key)->sign(Algorithm::kEd25519, "t", ""), ""));
    }
  }
  CHECK(cache.size() == 3);
}

TEST_CASE("a text that is no key leaves no trace") {
  PrivateKeyCache cache;
  CHECK_FALSE(cache.get(Secret("junk"), Algorithm::kRsaSha256));
  CHECK_FALSE(cache.get(seed('a'), Algorithm::kRsaSha256));
  CHECK(cache.size() == 0);
  CHECK(cache.get(seed('a'), Algorithm::kEd25519));
}

}  // namespace
}  // namespace ackd
