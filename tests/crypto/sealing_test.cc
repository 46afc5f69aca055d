#include "crypto/sealing.h"

#include <doctest/doctest.h>

#include <set>

namespace ackd {
namespace {

struct CountingRng final : Rng {
  std::uint64_t next() override { return state += 0x9e3779b97f4a7c15ULL; }
  std::uint64_t state = 7;
};

const KeyOwner kShop{"psp", "shop"};

MerchantKey key(const std::string& secret, const std::string& private_key) {
  return {"k1", Secret(secret), Secret(private_key)};
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct Fixture {
  CountingRng rng;
  KeyRing ring{{draw_master_key(rng)}};
};

}  // namespace

TEST_CASE("a sealed key opens as it was, with both parts or either") {
  Fixture f;
  for (const auto& [secret, private_key] :
       {std::pair("a secret", "-----BEGIN"), std::pair("a secret", ""), std::pair("", "pem"), std::pair("", "")}) {
    const std::string sealed = seal_key(f.ring, kShop, key(secret, private_key), f.rng);
    const Result<MerchantKey> opened = open_key(f.ring, kShop, "k1", sealed);
    REQUIRE(opened.ok());
    CHECK(opened->id == "k1");
    CHECK(opened->secret.reveal() == secret);
    CHECK(opened->private_key.reveal() == private_key);
  }
}

TEST_CASE("nothing of the key shows, and no two seals are alike") {
  Fixture f;
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string sealed = seal_key(f.ring, kShop, key("canary", ""), f.rng);
    CHECK_FALSE(has(sealed, "canary"));
    CHECK_FALSE(has(sealed, f.ring.current().bytes.reveal()));
    CHECK(seen.insert(sealed).second);
    CHECK(master_of(sealed) == f.ring.current().id);
  }
}

TEST_CASE("a sealed key opens for its owner alone, under its own name") {
  Fixture f;
  const std::string sealed = seal_key(f.ring, kShop, key("s", ""), f.rng);
  for (const KeyOwner& other :
       {KeyOwner{"psp", "shop2"}, KeyOwner{"psp2", "shop"}, KeyOwner{"psp", std::nullopt}, KeyOwner{"psps", "hop"}}) {
    CHECK_FALSE(open_key(f.ring, other, "k1", sealed).ok());
  }
  CHECK_FALSE(open_key(f.ring, kShop, "k2", sealed).ok());
  // A shared key is another one than that of a merchant with an empty name would be.
  const std::string shared = seal_key(f.ring, {"psp", std::nullopt}, key("s", ""), f.rng);
  CHECK(open_key(f.ring, {"psp", std::nullopt}, "k1", shared).ok());
  CHECK_FALSE(open_key(f.ring, {"psp", ""}, "k1", shared).ok());
}

TEST_CASE("a changed byte anywhere keeps it shut, and so does any cut") {
  Fixture f;
  const std::string sealed = seal_key(f.ring, kShop, key("s", "p"), f.rng);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(open_key(f.ring, kShop, "k1", changed).ok());
    CHECK_FALSE(open_key(f.ring, kShop, "k1", sealed.substr(0, i)).ok());
  }
  CHECK(master_of("") == "");
  CHECK(master_of("\x02"
                  "12345678") == "");
}

TEST_CASE("an older master key still opens; one that is not there is named") {
  Fixture f;
  const std::string old_id = f.ring.current().id;
  const std::string sealed = seal_key(f.ring, kShop, key("s", ""), f.rng);
  f.ring.put_first(draw_master_key(f.rng));
  CHECK(f.ring.current().id != old_id);
  CHECK(open_key(f.ring, kShop, "k1", sealed).ok());
  CHECK(master_of(seal_key(f.ring, kShop, key("s", ""), f.rng)) == f.ring.current().id);
  f.ring.drop_older();
  const Result<MerchantKey> lost = open_key(f.ring, kShop, "k1", sealed);
  REQUIRE_FALSE(lost.ok());
  CHECK(lost.error().code == ErrorCode::kNotFound);
  CHECK(has(lost.error().message, old_id));
}

TEST_CASE("a master key's id names it without telling it") {
  const MasterKey one = master_key_of(Secret(std::string(32, 'x')));
  CHECK(one.id.size() == 16);
  CHECK(one.id == master_key_of(Secret(std::string(32, 'x'))).id);
  CHECK(one.id != master_key_of(Secret(std::string(32, 'y'))).id);
  CHECK_FALSE(has(one.id, "7878"));
}

TEST_CASE("what a secret was moved or copied over is gone") {
  // Short ones live inside the object, where a plain move would leave them.
  Secret from(std::string("short"));
  Secret to(std::move(from));
  CHECK(to.reveal() == "short");
  CHECK(from.empty());  // NOLINT: what is left behind is the point
  to = Secret(std::string("other"));
  CHECK(to.reveal() == "other");
  Secret copy = to;
  CHECK(copy == to);
}

}  // namespace ackd
