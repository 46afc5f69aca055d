#include "model/merchant.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

MerchantKey key(const std::string& id, const std::string& secret, const std::string& private_key) {
  return {id, Secret(secret), Secret(private_key)};
}

Merchant merchant(const std::string& provider, const std::string& id, std::vector<MerchantKey> keys = {}) {
  return {provider, id, "https://a.example/", std::move(keys), {}};
}

std::string ids(const std::vector<MerchantKey>& keys) {
  std::string out;
  for (const MerchantKey& each : keys) out += each.id + " ";
  return out;
}

}  // namespace

TEST_CASE("merchants are found, replaced and removed by both parts of their name") {
  MerchantDirectory directory;
  directory.put(merchant("a", "bc"));
  directory.put(merchant("ab", "c"));
  CHECK(directory.size() == 2);
  Merchant moved = merchant("a", "bc");
  moved.url = "https://b.example/";
  directory.put(moved);
  CHECK(directory.size() == 2);
  CHECK(directory.find("a", "bc")->url == "https://b.example/");
  CHECK(directory.find("a", "b") == nullptr);
  const std::uint64_t before = directory.changes();
  directory.remove("a", "nobody");
  CHECK(directory.changes() == before);
  directory.remove("a", "bc");
  CHECK(directory.find("a", "bc") == nullptr);
  CHECK(directory.find("ab", "c") != nullptr);
  CHECK(directory.changes() > before);
}

TEST_CASE("without shared keys a merchant signs as itself, and nothing is copied") {
  MerchantDirectory directory;
  directory.put(merchant("p", "m", {key("own", "s", "")}));
  const Merchant& found = *directory.find("p", "m");
  Merchant room;
  CHECK(&directory.as_signing(found, room) == &found);
  directory.share("other", {key("x", "s", "p")});
  CHECK(&directory.as_signing(found, room) == &found);
  // A shared secret has nothing to fill where the merchant has one.
  directory.share("p", {key("shared", "s2", "")});
  CHECK(&directory.as_signing(found, room) == &found);
  CHECK(directory.filling_keys(found).empty());
}

TEST_CASE("what a merchant's own keys leave out comes from the shared ones, and only that") {
  MerchantDirectory directory;
  directory.share("p", {key("s2", "shared secret", "shared pem"), key("s1", "older secret", "")});
  Merchant room;
  SUBCASE("no key of its own: all of the shared ones") {
    const Merchant& signing = directory.as_signing(merchant("p", "m"), room);
    CHECK(ids(signing.keys) == "s2 s1 ");
    CHECK(signing.keys[0].private_key.reveal() == "shared pem");
  }
  SUBCASE("a secret of its own: the private key alone") {
    const Merchant& signing = directory.as_signing(merchant("p", "m", {key("own", "s", "")}), room);
    CHECK(ids(signing.keys) == "own s2 ");
    CHECK(signing.keys[0].secret.reveal() == "s");
    CHECK(signing.keys[1].secret.empty());
    CHECK(signing.keys[1].private_key.reveal() == "shared pem");
  }
  SUBCASE("a private key of its own: the secrets alone") {
    const Merchant& signing = directory.as_signing(merchant("p", "m", {key("own", "", "pem")}), room);
    CHECK(ids(signing.keys) == "own s2 s1 ");
    CHECK(signing.keys[1].private_key.empty());
  }
  SUBCASE("both, in one key or two: nothing") {
    const Merchant whole = merchant("p", "m", {key("a", "s", ""), key("b", "", "pem")});
    CHECK(&directory.as_signing(whole, room) == &whole);
  }
  SUBCASE("once they are removed, nothing") {
    directory.share("p", {});
    const Merchant bare = merchant("p", "m");
    CHECK(&directory.as_signing(bare, room) == &bare);
  }
}

TEST_CASE("sealed keys are those on record") {
  MerchantDirectory directory;
  directory.put(merchant("p", "configured", {key("k", "s", "")}));
  CHECK(directory.sealed_keys() == 0);
  Merchant recorded = merchant("p", "m", {key("k", "s", ""), key("l", "s", "")});
  recorded.source = MerchantSource::kRecord;
  directory.put(recorded);
  directory.share("p", {key("s", "s", "")});
  CHECK(directory.sealed_keys() == 3);
  recorded.keys.pop_back();
  directory.put(recorded);
  CHECK(directory.sealed_keys() == 2);
  directory.remove("p", "m");
  directory.share("p", {});
  CHECK(directory.sealed_keys() == 0);
}

TEST_CASE("among many merchants each is found by its whole name, also after changes and after a move") {
  MerchantDirectory filling;
  const auto name = [](int number) { return "m" + std::to_string(number); };
  for (int i = 0; i < 1'000; ++i) filling.put({"p", name(i), "http://old.test/", {}, {}});
  MerchantDirectory directory = std::move(filling);
  const Merchant* const kept = directory.find("p", "m7");
  for (int i = 0; i < 1'000; i += 2) directory.put({"p", name(i), "http://new.test/", {}, {}});
  for (int i = 0; i < 1'000; i += 5) directory.remove("p", name(i));
  CHECK(directory.size() == 800);
  for (int i = 0; i < 1'000; ++i) {
    const Merchant* const found = directory.find("p", name(i));
    REQUIRE((found == nullptr) == (i % 5 == 0));
    if (found != nullptr) CHECK(found->url == (i % 2 == 0 ? "http://new.test/" : "http://old.test/"));
  }
  CHECK(directory.find("p", "m7") == kept);
  CHECK(directory.find("pm", "7") == nullptr);
  CHECK(directory.find("", "") == nullptr);
}

TEST_CASE("a pause is known with its reason, whether the merchant is or not") {
  MerchantDirectory directory;
  directory.pause({"p", "m"}, {"their server burns", std::nullopt});
  CHECK(directory.find_pause("p", "m")->reason == "their server burns");
  CHECK(directory.find_pause("p", "n") == nullptr);
  directory.resume({"p", "m"});
  CHECK(directory.find_pause("p", "m") == nullptr);
}

TEST_CASE("pauses that end by themselves are known by when they do, and the last word about one counts") {
  MerchantDirectory directory;
  CHECK_FALSE(directory.next_pause_end().has_value());
  directory.pause({"p", "a"}, {"", EngineTime{300}});
  directory.pause({"p", "b"}, {"", EngineTime{200}});
  directory.pause({"p", "c"}, {"", std::nullopt});
  CHECK(directory.next_pause_end() == EngineTime{200});
  CHECK(directory.pauses_ended_by(EngineTime{199}, 10).empty());
  CHECK(directory.pauses_ended_by(EngineTime{300}, 10).size() == 2);
  CHECK(directory.pauses_ended_by(EngineTime{300}, 1) == std::vector<MerchantName>{{"p", "b"}});
  directory.pause({"p", "b"}, {"", EngineTime{400}});
  CHECK(directory.next_pause_end() == EngineTime{300});
  directory.pause({"p", "a"}, {"", std::nullopt});
  CHECK(directory.next_pause_end() == EngineTime{400});
  directory.resume({"p", "b"});
  CHECK_FALSE(directory.next_pause_end().has_value());
}

}  // namespace ackd
