#include "api/merchant_writes.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "api_world.h"

namespace ackd::test {
namespace {

using Json = nlohmann::json;

constexpr const char* kShop = "/v1/merchants/dhpay/shop";

Json body_of(const ApiResponse& response) {
  return Json::parse(response.body);
}

std::string field_of(const ApiResponse& response) {
  return body_of(response).value("field", "");
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string secret_of(ApiWorld& world, const std::string& id, std::size_t place) {
  return world.merchants.find("dhpay", id)->keys.at(place).secret.reveal();
}

}  // namespace

TEST_CASE("a merchant is made, changed and removed, and shown as GET shows it") {
  ApiWorld world;
  const ApiResponse made = world.put(kShop, R"({"url": "HTTPS://Shop.example/n", "hosts": ["*.Shop.example"],
      "contact": "call", "options": {"ack_trim": true, "window": 4}, "keys": [{"id": "k1", "secret": "s1"}]})");
  CHECK(made.status == 201);
  const Json shown = body_of(made);
  CHECK(shown == body_of(world.get(kShop)));
  CHECK(shown["source"] == "record");
  CHECK(shown["version"] == 1);
  CHECK(shown["url"] == "https://shop.example/n");
  CHECK(shown["hosts"] == Json::array({"*.shop.example"}));
  CHECK(shown["contact"] == "call");
  CHECK(shown["options"] == Json::parse(R"({"ack_trim": "true", "window": "4"})"));
  CHECK(shown["state"] == "active");
  CHECK(shown["keys"] == Json::parse(R"([{"id": "k1", "parts": ["secret"]}])"));
  CHECK(shown["shared_keys"].empty());
  CHECK(shown.contains("changed_at"));

  const ApiResponse changed = world.put(kShop, "{}");
  CHECK(changed.status == 200);
  CHECK(body_of(changed)["version"] == 2);
  CHECK(body_of(changed)["url"] == "");
  CHECK(body_of(changed)["options"].empty());
  CHECK(body_of(changed)["keys"].size() == 1);  // absent keys stay

  CHECK(world.remove(kShop).status == 200);
  CHECK(world.get(kShop).status == 404);
  CHECK(world.remove(kShop).status == 404);
}

TEST_CASE("a key rotates by naming the one that stays") {
  ApiWorld world;
  world.put(kShop, R"({"keys": [{"id": "old", "secret": "one", "private_key": "pem"}]})");
  const Json both = body_of(world.put(kShop, R"({"keys": [{"id": "new", "secret": "two"}, {"id": "old"}]})"));
  CHECK(both["keys"] ==
        Json::parse(R"([{"id": "new", "parts": ["secret"]}, {"id": "old", "parts": ["secret", "private_key"]}])"));
  CHECK(secret_of(world, "shop", 0) == "two");
  CHECK(secret_of(world, "shop", 1) == "one");
  CHECK(body_of(world.put(kShop, R"({"keys": []})"))["keys"].empty());
  const ApiResponse gone = world.put(kShop, R"({"keys": [{"id": "old"}]})");
  CHECK(gone.status == 422);
  CHECK(field_of(gone) == "keys[0]");
}

TEST_CASE("what goes to the record is sealed, and opens to what was said") {
  ApiWorld world;
  world.put(kShop, R"({"keys": [{"id": "k1", "secret": "canary-secret", "private_key": "canary-pem"}]})");
  const SealedKey& sealed = world.outbox.merchants.at({"dhpay", "shop"}).keys.at(0);
  CHECK_FALSE(has(sealed.sealed, "canary"));
  CHECK(sealed.master == world.keys->ring().current().id);
  const Result<MerchantKey> opened = open_key(world.keys->ring(), {"dhpay", "shop"}, "k1", sealed.sealed);
  REQUIRE(opened.ok());
  CHECK(opened->secret.reveal() == "canary-secret");
  CHECK(opened->private_key.reveal() == "canary-pem");
}

TEST_CASE("a version that is not there is a conflict, with the one that is") {
  ApiWorld world;
  CHECK(world.put(kShop, R"({"version": 0})").status == 201);
  const ApiResponse exists = world.put(kShop, R"({"version": 0})");
  CHECK(exists.status == 409);
  CHECK(body_of(exists)["version"] == 1);
  CHECK(world.put(kShop, R"({"version": 1})").status == 200);
  CHECK(world.remove(kShop, {{"version", "1"}}).status == 409);
  CHECK(world.remove(kShop, {{"version", "2"}}).status == 200);
  CHECK(world.put(kShop, R"({"version": 2})").status == 409);
  CHECK(world.remove(kShop, {{"versoin", "2"}}).status == 422);
}

TEST_CASE("what is wrong is named by its field, and no secret is quoted") {
  ApiWorld world;
  const std::pair<const char*, const char*> bad[] = {
      {R"({"url": "ftp://a.example"})", "url"},
      {R"({"url": 5})", "url"},
      {R"({"hosts": ["a.example", "https://b"]})", "hosts[1]"},
      {R"({"hosts": "a.example"})", "hosts"},
      {R"({"options": {"ack_trm": "true"}})", "options.ack_trm"},
      {R"({"options": {"window": "0"}})", "options.window"},
      {R"({"options": {"total_timeout": "1h"}})", "options.total_timeout"},
      {R"({"contact": "a\nb"})", "contact"},
      {R"({"keys": [{"id": "k", "secret": "canary"}, {"id": "k", "secret": "canary"}]})", "keys[1].id"},
      {R"({"keys": [{"id": "", "secret": "canary"}]})", "keys[0].id"},
      {R"({"keys": [{"secret": "canary"}]})", "keys[0].id"},
      {R"({"keys": [{"id": "k", "secret": ""}]})", "keys[0].secret"},
      {R"({"keys": [{"id": "k", "secret": 7}]})", "keys[0].secret"},
      {R"({"keys": [{"id": "k", "canary": "canary"}]})", "keys[0]"},
      {R"({"keys": [{"id": "a"}, {"id": "b"}, {"id": "c"}]})", "keys"},
      {R"({"key": "canary"})", "key"},
      {R"({"version": "1"})", "version"},
  };
  for (const auto& each : bad) {
    const auto& body = each.first;
    const auto& field = each.second;
    CAPTURE(body);
    const ApiResponse refused = world.put(kShop, body);
    CHECK(refused.status == 422);
    CHECK(field_of(refused) == field);
    CHECK_FALSE(has(refused.body, "canary"));
  }
  CHECK(world.put(kShop, R"({"keys": [{"id": "k", "secret": "canary")").status == 400);
  CHECK_FALSE(has(world.put(kShop, R"({"keys": [{"id": "k", "secret": "canary")").body, "canary"));
  CHECK(world.put("/v1/merchants/nowhere/shop", "{}").status == 422);
  CHECK(world.put(kShop, "{\"contact\": \"" + std::string(300'000, 'x') + "\"}").status == 413);
  CHECK(world.outbox.merchants.empty());
}

TEST_CASE("a merchant of the configuration is changed there, but paused and resumed here") {
  ApiWorld world;
  for (const ApiResponse& refused :
       {world.put("/v1/merchants/dhpay/499800", "{}"), world.remove("/v1/merchants/dhpay/499800")}) {
    CHECK(refused.status == 409);
    CHECK(has(body_of(refused)["detail"], "config.yaml"));
  }
  const ApiResponse paused = world.post("/v1/merchants/dhpay/499800/pause", R"({"reason": "their server burns"})");
  CHECK(paused.status == 200);
  CHECK(body_of(paused)["state"] == "paused");
  CHECK(body_of(paused)["pause_reason"] == "their server burns");
  CHECK(body_of(world.get("/v1/merchants", {{"state", "paused"}}))["merchants"].size() == 1);
  CHECK(body_of(world.get("/v1/merchants", {{"state", "active"}}))["merchants"].empty());
  CHECK(world.post("/v1/merchants/dhpay/499800/probe", "").status == 409);
  CHECK(body_of(world.post("/v1/merchants/dhpay/499800/resume", ""))["state"] == "active");
  CHECK(world.post("/v1/merchants/dhpay/nobody/pause", "").status == 404);
  CHECK(world.post("/v1/merchants/dhpay/499800/pause", "{").status == 400);
}

TEST_CASE("a pause may have an end, which is shown and must be to come") {
  ApiWorld world;
  const std::string pause = "/v1/merchants/dhpay/499800/pause";
  const auto until = [&](const std::string& body) {
    const ApiResponse paused = world.post(pause, body);
    REQUIRE(paused.status == 200);
    return body_of(paused).value("paused_until", "");
  };
  const std::string in_two_hours = until(R"({"for": "2h"})");
  CHECK(in_two_hours.size() == 24);
  CHECK(until(R"({"until": "2099-01-01T00:00:00+01:00"})") == "2098-12-31T23:00:00.000Z");
  world.post("/v1/notifications", dhpay_notification("o1"));
  const Json lane = body_of(world.get("/v1/lanes"))["lanes"][0];
  CHECK(lane["paused_until"] == "2098-12-31T23:00:00.000Z");
  CHECK(until(R"({"reason": "for good"})").empty());
  for (const char* refused :
       {R"({"for": "0s"})", R"({"until": "2001-01-01T00:00:00Z"})", R"({"for": "soon"})", R"({"until": "soon"})",
        R"({"for": 5})", R"({"for": "1h", "until": "2099-01-01T00:00:00Z"})", R"({"fro": "1h"})"}) {
    CAPTURE(refused);
    CHECK(world.post(pause, refused).status >= 400);
  }
}

TEST_CASE("why says that a merchant is paused, and unknown ones are refused with what to do") {
  ApiWorld world;
  world.post("/v1/merchants/dhpay/499800/pause", R"({"reason": "maintenance"})");
  const Json posted = body_of(world.post("/v1/notifications", dhpay_notification("o1")));
  CHECK(posted["state"] == "pending");
  const Json why = body_of(world.get("/v1/notifications/" + posted["id"].get<std::string>() + "/why"));
  CHECK(has(why["why"], "its merchant is paused (maintenance); `ackctl merchant resume dhpay 499800`"));
  CHECK(why["lane"]["paused"] == true);
  std::string unknown = dhpay_notification("o2");
  unknown.replace(unknown.find("499800"), 6, "nobody");
  const ApiResponse refused = world.post("/v1/notifications", unknown);
  CHECK(refused.status == 422);
  CHECK(has(refused.body, "ackctl merchant add dhpay nobody"));
}

TEST_CASE("a notification's own URL must have one of the merchant's hosts") {
  ApiWorld world;
  world.put("/v1/merchants/dhpay/499801",
            R"({"hosts": ["a.example", "*.b.example"], "keys": [{"id": "k", "secret": "s"}]})");
  const auto post = [&](const std::string& url) {
    std::string text = dhpay_notification("o-" + url);
    text.replace(text.find("499800"), 6, "499801");
    return world.post("/v1/notifications", R"({"url":")" + url + R"(",)" + text.substr(1));
  };
  CHECK(post("https://a.example/x").status == 201);
  CHECK(post("https://A.EXAMPLE:8443/x").status == 201);
  CHECK(post("https://x.b.example/").status == 201);
  for (const char* url : {"https://a.example.evil.com/", "https://b.example/", "https://evil.com/a.example"}) {
    const ApiResponse refused = post(url);
    CHECK(refused.status == 422);
    CHECK(field_of(refused) == "url");
  }
}

TEST_CASE("shared keys are put, kept, shown by id and removed") {
  ApiWorld world;
  const std::string path = "/v1/providers/dhpay/keys";
  CHECK(body_of(world.get(path)) == Json::parse(R"({"provider": "dhpay", "keys": []})"));
  world.put(kShop, R"({"keys": []})");
  const Json put = body_of(world.put(path, R"({"keys": [{"id": "p1", "secret": "one"}]})"));
  CHECK(put["keys"] == Json::parse(R"([{"id": "p1", "parts": ["secret"]}])"));
  CHECK(body_of(world.get(kShop))["shared_keys"] == Json::array({"p1"}));
  CHECK(body_of(world.get("/v1/merchants/dhpay/499800"))["shared_keys"].empty());
  world.put(path, R"({"keys": [{"id": "p2", "secret": "two"}, {"id": "p1"}]})");
  CHECK(world.merchants.shared_keys("dhpay").at(1).secret.reveal() == "one");
  CHECK(world.outbox.shared.at("dhpay").size() == 2);
  CHECK(world.put(path, R"({"keys": [{"id": "p9"}]})").status == 422);
  CHECK(world.put(path, "{}").status == 422);
  CHECK(body_of(world.put(path, R"({"keys": []})"))["keys"].empty());
  CHECK(world.get("/v1/providers/nowhere/keys").status == 404);
  CHECK(world.put("/v1/providers/nowhere/keys", R"({"keys": []})").status == 404);
}

TEST_CASE("changes asked for at once are made one after the other, each on what the one before left") {
  ApiWorld world;
  world.put(kShop, R"({"keys": [{"id": "a", "secret": "s"}]})");
  const Ticket first = world.api.start({"PUT", kShop, {}, R"({"keys": [{"id": "b", "secret": "s"}]})", ""});
  const Ticket second = world.api.start({"PUT", kShop, {}, R"({"keys": [{"id": "a"}]})", ""});
  const Ticket third = world.api.start({"PUT", kShop, {}, R"({"keys": [{"id": "b"}]})", ""});
  std::map<Ticket, int> statuses;
  for (int turns = 0; turns < 10; ++turns) {
    world.turn();
    for (const FinishedResponse& done : world.api.take_finished()) statuses[done.ticket] = done.response.status;
  }
  CHECK(statuses == std::map<Ticket, int>{{first, 200}, {second, 422}, {third, 200}});
}

TEST_CASE("nothing is in force before its commit, or after one that failed") {
  ApiWorld world;
  world.outbox.stuck = true;
  world.api.start({"PUT", kShop, {}, "{}", ""});
  for (int turns = 0; turns < 5; ++turns) world.turn();
  CHECK(world.merchants.find("dhpay", "shop") == nullptr);
  world.outbox.stuck = false;
  world.outbox.refuse = true;
  for (int turns = 0; turns < 5; ++turns) world.turn();
  const std::vector<FinishedResponse> done = world.api.take_finished();
  REQUIRE(done.size() == 1);
  CHECK(done[0].response.status == 503);
  CHECK(world.merchants.find("dhpay", "shop") == nullptr);
}

TEST_CASE("a master key is shown by its id and rotated; nothing is left under the older one") {
  ApiWorld world;
  world.put(kShop, R"({"keys": [{"id": "a", "secret": "s"}]})");
  const Json before = body_of(world.get("/v1/keys"));
  CHECK(before["sealed"] == 1);
  CHECK(before["source"] == "file");
  CHECK(before["rotating"] == false);
  const ApiResponse rotated = world.post("/v1/keys/rotate", "");
  CHECK(rotated.status == 202);
  CHECK(body_of(rotated)["master_key"] != before["master_key"]);
  CHECK(body_of(rotated)["sealed_with_older"] == 1);
  CHECK(body_of(rotated)["rotating"] == true);
  for (int turns = 0; turns < 5; ++turns) world.turn();
  CHECK(world.engine.take_resealed());
  CHECK(body_of(world.get("/v1/keys"))["rotating"] == false);
  CHECK(body_of(world.get("/v1/keys"))["sealed_with_older"] == 0);
}

}  // namespace ackd::test
