// GET /v1/notifications/{id}/request: what an attempt would send now, and no secret.
#include "api/request_resource.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "api_world.h"

namespace ackd::test {
namespace {

using Json = nlohmann::json;

std::string admitted_id(ApiWorld& world) {
  return Json::parse(world.post("/v1/notifications", dhpay_notification("o1")).body)["id"];
}

TEST_CASE("the request is signed, complete, and without canonical text or key") {
  ApiWorld world;
  const ApiResponse response = world.get("/v1/notifications/" + admitted_id(world) + "/request");
  CHECK(response.status == 200);
  const Json request = Json::parse(response.body);
  CHECK(request["method"] == "GET");
  CHECK(request["body"] == "");
  const std::string url = request["url"];
  CHECK(url.starts_with("https://shop.example/notify?merchant_id=499800&invoice_id=i1&order_no=o1&"));
  CHECK(url.find("&hash=") != std::string::npos);
  CHECK_FALSE(request.contains("canonical"));
  CHECK(response.body.find("secret-key") == std::string::npos);
}

TEST_CASE("today's key signs, and a key that is gone is a refusal that says so") {
  ApiWorld world;
  const std::string path = "/v1/notifications/" + admitted_id(world) + "/request";
  const std::string before = Json::parse(world.get(path).body)["url"];
  CHECK(Json::parse(world.get(path).body)["url"] == before);
  Merchant merchant = *world.merchants.find("dhpay", "499800");
  merchant.keys.front().secret = Secret("another-key");
  world.merchants.put(merchant);
  CHECK(Json::parse(world.get(path).body)["url"] != before);
  merchant.keys.clear();
  world.merchants.put(merchant);
  const ApiResponse keyless = world.get(path);
  CHECK(keyless.status == 422);
  CHECK(Json::parse(keyless.body)["detail"].get<std::string>().find("has no key") != std::string::npos);
}

TEST_CASE("an unknown notification is 404, another method 405") {
  ApiWorld world;
  CHECK(world.get("/v1/notifications/12345/request").status == 404);
  CHECK(world.post("/v1/notifications/" + admitted_id(world) + "/request", "").status == 405);
}

TEST_CASE("a body that is not UTF-8 comes as base64") {
  ApiWorld world;
  world.merchants.put(
      {"payindex", "m", "https://shop.example/n", {{"k", Secret("k"), Secret()}}, {{"charset", "gbk"}}});
  const std::string admission = R"({"provider":"payindex","merchant":"m","fields":{"memberid":"1","orderid":"2",
      "amount":"3.00","transaction_id":"t","datetime":"20250101120130","returncode":"00","attach":"支付"}})";
  const std::string id = Json::parse(world.post("/v1/notifications", admission).body)["id"];
  const Json request = Json::parse(world.get("/v1/notifications/" + id + "/request").body);
  // Percent-encoding keeps a form in ASCII whatever its charset.
  CHECK(request["body"].get<std::string>().find("attach=%D6%A7%B8%B6") != std::string::npos);
  CHECK_FALSE(request.contains("body_base64"));
  CHECK(request["headers"]["Content-Type"] == "application/x-www-form-urlencoded; charset=gbk");
}

}  // namespace
}  // namespace ackd::test
