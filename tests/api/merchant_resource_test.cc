#include "api/merchant_resource.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "api_world.h"

namespace ackd::test {
namespace {

using Json = nlohmann::json;

Json body_of(const ApiResponse& response) {
  return Json::parse(response.body);
}

void put(ApiWorld& world, const std::string& provider, const std::string& id, const std::string& url) {
  world.merchants.put(
      {provider, id, url, {{"k-" + id, Secret("secret-key"), Secret()}}, {{"digest_charset", "utf-8"}}});
}

std::string asks_notification(const std::string& order) {
  std::string text = dhpay_notification(order);
  return text.replace(text.find("dhpay"), 5, "asks");
}

}  // namespace

TEST_CASE("a merchant is shown with its activation, and never with its secret") {
  ApiWorld world;
  put(world, "asks", "499800", "https://a.example/n");
  const ApiResponse before = world.get("/v1/merchants/asks/499800");
  CHECK(before.status == 200);
  CHECK(body_of(before)["state"] == "unverified");
  CHECK(body_of(before)["activated"].is_null());
  CHECK(body_of(before)["keys"] == Json::parse(R"([{"id": "k-499800", "parts": ["secret"]}])"));
  CHECK(body_of(before)["options"]["digest_charset"] == "utf-8");
  CHECK(body_of(before)["reason"].get<std::string>().find("ackctl merchant probe asks 499800") != std::string::npos);
  CHECK(before.body.find("secret-key") == std::string::npos);
  world.activations.put({{"asks", "499800"}, "https://a.example/n", {ApiWorld::kStartMs}});
  const Json after = body_of(world.get("/v1/merchants/asks/499800"));
  CHECK(after["state"] == "active");
  CHECK(after["activated"]["url"] == "https://a.example/n");
  CHECK(after["activated"]["at"].get<std::string>().starts_with("2026-01-01T00:00:00"));
  put(world, "asks", "499800", "https://b.example/n");
  CHECK(body_of(world.get("/v1/merchants/asks/499800"))["state"] == "unverified");
}

TEST_CASE("a merchant of a protocol without activation is active from the start") {
  ApiWorld world;
  const Json shown = body_of(world.get("/v1/merchants/dhpay/499800"));
  CHECK(shown["state"] == "active");
  CHECK(shown["activation_required"] == false);
}

TEST_CASE("merchants are listed page by page, each once, also of one provider") {
  ApiWorld world;
  for (const char* id : {"a", "b", "c/d", "e"}) put(world, "asks", id, "https://a.example/");
  std::vector<std::string> seen;
  Fields query{{"limit", "2"}};
  for (int pages = 0; pages < 5; ++pages) {
    const Json page = body_of(world.get("/v1/merchants", query));
    for (const Json& row : page["merchants"])
      seen.push_back(row["provider"].get<std::string>() + "/" + row["id"].get<std::string>());
    if (page["next_cursor"].is_null()) break;
    query = {{"limit", "2"}, {"cursor", page["next_cursor"].get<std::string>()}};
  }
  CHECK(seen == std::vector<std::string>{"asks/a", "asks/b", "asks/c/d", "asks/e", "dhpay/499800"});
  CHECK(body_of(world.get("/v1/merchants", {{"provider", "dhpay"}}))["merchants"].size() == 1);
  CHECK(body_of(world.get("/v1/merchants", {{"provider", "asks"}, {"limit", "4"}}))["next_cursor"].is_null());
  CHECK(body_of(world.get("/v1/merchants", {{"provider", "nobody"}}))["merchants"].empty());
  for (const Fields& bad :
       {Fields{{"limit", "0"}}, Fields{{"limit", "1001"}}, Fields{{"cursor", "x"}}, Fields{{"stat", "x"}},
        Fields{{"state", "odd"}}, Fields{{"source", "odd"}}, Fields{{"limit", "1"}, {"limit", "2"}}}) {
    CHECK(world.get("/v1/merchants", bad).status == 400);
  }
}

TEST_CASE("a probe is recorded as one, and a second beside it is refused with its id") {
  ApiWorld world;
  put(world, "asks", "a/b", "https://a.example/n");
  const ApiResponse first = world.post("/v1/merchants/asks/a/b/probe", "");
  CHECK(first.status == 201);
  const std::string id = body_of(first)["id"];
  CHECK(body_of(world.get("/v1/notifications/" + id))["probe"] == true);
  CHECK(body_of(world.get("/v1/notifications/" + id))["next"]["text"].get<std::string>().find("1 of 1") !=
        std::string::npos);
  const ApiResponse second = world.post("/v1/merchants/asks/a/b/probe", "");
  CHECK(second.status == 409);
  CHECK(body_of(second)["id"] == id);
  CHECK(body_of(second)["detail"].get<std::string>().find("ackctl cancel " + id) != std::string::npos);
  CHECK(*find_field(second.headers, "Content-Type") == "application/problem+json");
}

TEST_CASE("any protocol's merchant can be sent a test") {
  ApiWorld world;
  CHECK(world.post("/v1/merchants/dhpay/499800/probe", "").status == 201);
}

TEST_CASE("what cannot be probed says what to change") {
  ApiWorld world;
  put(world, "asks", "no-url", "");
  const ApiResponse no_url = world.post("/v1/merchants/asks/no-url/probe", "");
  CHECK(no_url.status == 422);
  CHECK(body_of(no_url)["detail"].get<std::string>().find("has no URL") != std::string::npos);
  CHECK(world.post("/v1/merchants/asks/nobody/probe", "").status == 404);
  CHECK(world.post("/v1/merchants/nowhere/1/probe", "").status == 404);
  CHECK(world.get("/v1/merchants/asks/nobody").status == 404);
  CHECK(world.get("/v1/merchants/asks").status == 404);
  CHECK(world.post("/v1/merchants/asks/no-url", "").status == 405);
  CHECK(world.post("/v1/merchants", "").status == 405);
  CHECK(world.ask({"DELETE", "/v1/merchants", {}, "", ""}).status == 405);
  world.engine.begin_drain();
  CHECK(world.post("/v1/merchants/dhpay/499800/probe", "").status == 503);
}

TEST_CASE("what is posted for an unverified merchant is held, and says what to do") {
  ApiWorld world;
  put(world, "asks", "499800", "https://a.example/n");
  const Json held = body_of(world.post("/v1/notifications", asks_notification("o1")));
  CHECK(held["state"] == "held");
  const Json shown = body_of(world.get("/v1/notifications/" + held["id"].get<std::string>()));
  CHECK(shown["reason"].get<std::string>().find("run `ackctl merchant probe asks 499800`") != std::string::npos);
  world.activations.put({{"asks", "499800"}, "https://a.example/n", {ApiWorld::kStartMs}});
  CHECK(body_of(world.post("/v1/notifications", asks_notification("o2")))["state"] == "pending");
}

}  // namespace ackd::test
