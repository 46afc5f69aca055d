#include "api/egress_resource.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "api_world.h"

namespace ackd::test {
namespace {

using Json = nlohmann::json;

Json check(ApiWorld& world, const Fields& query, int status = 200) {
  const ApiResponse response = world.get("/v1/egress/check", query);
  CHECK_MESSAGE(response.status == status, response.body);
  return Json::parse(response.body);
}

TEST_CASE("a check shows the canonical URL and what the policy says to each address") {
  ApiWorld world;
  const Json refused = check(world, {{"url", "HTTPS://Shop.Example:443/x"}});
  CHECK(refused["url"] == "https://shop.example/x");
  CHECK(refused["port"] == 443);
  CHECK(refused["allowed"] == false);
  CHECK(refused["lookup"] == "found");
  CHECK(refused["addresses"][0]["address"] == "203.0.113.9");
  CHECK(refused["addresses"][0]["reason"].get<std::string>().find("documentation") != std::string::npos);
  world.egress.rules.allow = {parse_cidr("203.0.113.0/24").value()};
  CHECK(check(world, {{"url", "https://shop.example/x"}})["allowed"] == true);
}

TEST_CASE("a merchant's settings count in its check, and its own URL is the default") {
  ApiWorld world;
  Merchant merchant;
  merchant.provider = "dhpay";
  merchant.id = "own";
  merchant.url = "https://shop.example/own";
  merchant.options = {{"egress_allow", "203.0.113.9"}, {"tls_unverified_until", "2026-01-02T00:00:00Z"}};
  world.merchants.put(merchant);
  const Json finding = check(world, {{"provider", "dhpay"}, {"merchant", "own"}});
  CHECK(finding["url"] == merchant.url);
  CHECK(finding["allowed"] == true);
  CHECK(finding["way"]["unverified_until"] == "2026-01-02T00:00:00.000Z");
  CHECK(check(world, {{"url", "https://a.example/"}, {"provider", "dhpay"}, {"merchant", "own"}})["url"] ==
        "https://a.example/");
}

TEST_CASE("what cannot be checked is refused with what to do") {
  ApiWorld world;
  CHECK(check(world, {}, 400)["field"] == "url");
  CHECK(check(world, {{"url", "https://user@shop.example/"}}, 400)["field"] == "url");
  CHECK(check(world, {{"url", "ftp://shop.example/"}}, 400)["field"] == "url");
  check(world, {{"provider", "dhpay"}, {"merchant", "nobody"}}, 404);
  check(world, {{"rul", "https://shop.example/"}}, 400);
  world.egress_checks.has_room = false;
  check(world, {{"url", "https://shop.example/"}}, 429);
}

TEST_CASE("the policy is shown, and of what it may name the names alone") {
  ApiWorld world;
  world.egress.rules.deny = {parse_cidr("8.8.8.0/24").value()};
  world.egress.own = {{parse_ip("::1").value(), 8081}};
  world.means.client_certificates["platform"] = {"CERTIFICATE", Secret("PRIVATE")};
  world.means.proxies["dmz"] = {parse_ip("192.0.2.1").value(), 3128};
  const ApiResponse response = world.get("/v1/egress");
  CHECK(response.status == 200);
  const Json policy = Json::parse(response.body);
  CHECK(policy["deny"] == Json::array({"8.8.8.0/24"}));
  CHECK(policy["ports"] == Json::array({"80", "443"}));
  CHECK(policy["own_listeners"] == Json::array({"[::1]:8081"}));
  CHECK(policy["proxies"]["dmz"] == "192.0.2.1:3128");
  CHECK(policy["client_certificates"] == Json::array({"platform"}));
  CHECK(response.body.find("PRIVATE") == std::string::npos);
}

TEST_CASE("a merchant's options may name only what the configuration has") {
  ApiWorld world;
  world.means.authorities["bank"] = "PEM";
  const auto put = [&](const std::string& option, const std::string& value) {
    return world.put("/v1/merchants/dhpay/new",
                     R"({"url":"https://shop.example/","options":{")" + option + R"(":")" + value + R"("}})");
  };
  const ApiResponse unknown = put("tls_ca", "bnak");
  CHECK(unknown.status == 422);
  CHECK(Json::parse(unknown.body)["field"] == "options.tls_ca");
  CHECK(put("tls_ca", "bank").status == 201);
  const ApiResponse too_long = put("tls_unverified_until", "2027-01-01T00:00:00Z");
  CHECK(too_long.status == 422);
  CHECK(Json::parse(too_long.body)["detail"].get<std::string>().find("90d") != std::string::npos);
}

}  // namespace
}  // namespace ackd::test
