#include "api/merchant_imports.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "api_world.h"

namespace ackd::test {
namespace {

using Json = nlohmann::json;

struct Import {
  explicit Import(ApiWorld& to) : world(to) {
    const ApiResponse opened = world.post("/v1/merchant-imports", "");
    REQUIRE(opened.status == 201);
    path = "/v1/merchant-imports/" + Json::parse(opened.body)["id"].get<std::string>();
  }
  ApiResponse lines(const std::string& text) { return world.post(path + "/lines", text, "application/x-ndjson"); }
  ApiResponse commit() { return world.post(path + "/commit", ""); }

  ApiWorld& world;
  std::string path;
};

std::string line(const std::string& id, const std::string& rest = "") {
  return R"({"provider": "dhpay", "id": ")" + id + "\"" + rest + "}\n";
}

}  // namespace

TEST_CASE("all lines of an import are in force at once, and counted by what they did") {
  ApiWorld world;
  world.put("/v1/merchants/dhpay/same", R"({"url": "https://same.example/", "keys": [{"id": "k", "secret": "s"}]})");
  world.put("/v1/merchants/dhpay/moved", R"({"url": "https://old.example/"})");
  Import import(world);
  CHECK(Json::parse(import.lines(line("same", R"(, "url": "https://same.example/")") + "\n").body)["lines"] == 2);
  CHECK(Json::parse(import
                        .lines(line("moved", R"(, "url": "https://new.example/")") +
                               line("new", R"(, "keys": [{"id": "k", "secret": "canary"}])"))
                        .body) == Json::parse(R"({"lines": 4, "errors": []})"));
  CHECK(world.merchants.find("dhpay", "new") == nullptr);
  const ApiResponse committed = import.commit();
  CHECK(committed.status == 200);
  CHECK(Json::parse(committed.body) == Json::parse(R"({"added": 1, "changed": 1, "unchanged": 1})"));
  CHECK(world.merchants.find("dhpay", "new")->keys.at(0).secret.reveal() == "canary");
  CHECK(world.merchants.find("dhpay", "new")->version == 1);
  CHECK(world.merchants.find("dhpay", "moved")->url == "https://new.example/");
  CHECK(world.merchants.find("dhpay", "moved")->version == 2);
  CHECK(world.merchants.find("dhpay", "same")->version == 1);
  REQUIRE(world.outbox.imported.size() == 2);
  CHECK(world.outbox.imported[1].keys.at(0).sealed.find("canary") == std::string::npos);
  CHECK(import.commit().status == 404);
}

TEST_CASE("a bad line is named with its number and field, and nothing of the import can be committed") {
  ApiWorld world;
  Import import(world);
  import.lines(line("a"));
  const Json answer = Json::parse(import
                                      .lines("{\n" + line("b", R"(, "url": "nowhere")") + line("a") + line("499800") +
                                             R"({"provider": "nowhere", "id": "x"})" + "\n" +
                                             line("c", R"(, "keys": [{"id": "k", "secret": 5}])"))
                                      .body);
  CHECK(answer["lines"] == 7);
  std::vector<std::pair<int, std::string>> errors;
  for (const Json& error : answer["errors"]) errors.emplace_back(error["line"], error["field"]);
  CHECK(errors == std::vector<std::pair<int, std::string>>{
                      {2, ""}, {3, "url"}, {4, "id"}, {5, "id"}, {6, "provider"}, {7, "keys[0].secret"}});
  const ApiResponse refused = import.commit();
  CHECK(refused.status == 409);
  CHECK(refused.body.find("6 lines were refused") != std::string::npos);
  CHECK(world.merchants.find("dhpay", "a") == nullptr);
}

TEST_CASE("at most a hundred errors are named at once") {
  ApiWorld world;
  Import import(world);
  std::string many;
  for (int i = 0; i < 150; ++i) many += "{}\n";
  CHECK(Json::parse(import.lines(many).body)["errors"].size() == 100);
  CHECK(import.commit().body.find("150 lines") != std::string::npos);
}

TEST_CASE("one import is open at a time, and none for ever") {
  ApiWorld world;
  Import first(world);
  Import second(world);
  CHECK(first.lines(line("a")).status == 404);
  CHECK(second.lines(line("a")).status == 200);
  CHECK(world.remove(second.path).status == 200);
  CHECK(second.commit().status == 404);
  Import third(world);
  CHECK(third.lines(std::string(300'000, ' ')).status == 413);
  world.now.boot.ms += kImportIdleMax.count() + 1'000;
  world.now.wall.ms += kImportIdleMax.count() + 1'000;
  world.turn();
  CHECK(third.lines(line("a")).status == 404);
}

TEST_CASE("what was changed after its line was read is not overwritten unseen") {
  ApiWorld world;
  Import import(world);
  import.lines(line("a", R"(, "url": "https://a.example/")"));
  world.put("/v1/merchants/dhpay/other", "{}");
  SUBCASE("another merchant") {
    CHECK(import.commit().status == 200);
  }
  SUBCASE("the same") {
    world.put("/v1/merchants/dhpay/a", "{}");
    CHECK(import.commit().status == 409);
  }
  SUBCASE("the master key") {
    world.post("/v1/keys/rotate", "");
    CHECK(import.commit().status == 409);
  }
}

}  // namespace ackd::test
