#include "engine/activation_gate.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

struct World {
  World() {
    for (const char* id : {"asks", "plain"}) {
      Profile profile;
      profile.id = id;
      profile.activation.required = profile.id == "asks";
      catalogue.set_current({static_cast<std::int64_t>(profile.id.size())}, profile);
      merchants.put({id, "m", "https://a.example/", {}, {}});
    }
    merchants.put({"asks", "no-url", "", {}, {}});
  }
  void move_to(const std::string& url) { merchants.put({"asks", "m", url, {}, {}}); }
  void activate(const std::string& url) { activations.put({{"asks", "m"}, url, {1}}); }

  ProfileCatalogue catalogue;
  MerchantDirectory merchants;
  Activations activations;
  ActivationGate gate{catalogue, merchants, activations};
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("only the URL that acknowledged lets a merchant's notifications pass") {
  World world;
  CHECK(world.gate.blocks("asks", "m"));
  world.activate("https://a.example/");
  CHECK_FALSE(world.gate.blocks("asks", "m"));
  world.move_to("https://b.example/");
  CHECK(world.gate.blocks("asks", "m"));
  world.activate("https://b.example/");
  CHECK_FALSE(world.gate.blocks("asks", "m"));
}

TEST_CASE("protocols that ask for no activation, and merchants that are gone, are not blocked") {
  World world;
  CHECK_FALSE(world.gate.blocks("plain", "m"));
  CHECK_FALSE(world.gate.blocks("asks", "gone"));
  CHECK_FALSE(world.gate.blocks("nowhere", "m"));
}

TEST_CASE("what is for a merchant that nobody knows is held too, but nobody calls it unverified") {
  World world;
  CHECK(world.gate.holds("asks", "gone"));
  CHECK(world.gate.holds("plain", "gone"));
  CHECK(world.gate.holds("asks", "m"));
  CHECK_FALSE(world.gate.holds("plain", "m"));
  CHECK(has(world.gate.reason("plain", "gone"), "`ackctl merchant add plain gone`"));
}

TEST_CASE("the current profile decides, whatever was in force before") {
  World world;
  Profile relaxed;
  relaxed.id = "asks";
  world.catalogue.set_current({99}, relaxed);
  CHECK_FALSE(world.gate.blocks("asks", "m"));
}

TEST_CASE("the reason says what to do") {
  World world;
  CHECK(world.gate.reason("asks", "m") ==
        "merchant asks/m is not activated: its URL has not acknowledged a probe; run `ackctl merchant probe asks m`");
  world.activate("https://old.example/");
  CHECK(has(world.gate.reason("asks", "m"), "its changed URL"));
  CHECK(has(world.gate.reason("asks", "no-url"), "give it one"));
}

}  // namespace
}  // namespace ackd
