// packaging/openapi.json names every route that the daemon has, and no other. What they answer is compared with the
// running daemon by tests/e2e/openapi_test.py.
#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "api/routes.h"

namespace ackd::test {
namespace {

TEST_CASE("the OpenAPI document has the routes of the table, all of them and no other") {
  std::ifstream file(ACKD_SOURCE_DIR "/packaging/openapi.json");
  const auto document = nlohmann::json::parse(file);
  std::set<std::string> documented;
  for (const auto& [path, methods] : document["paths"].items()) {
    for (const auto& [method, operation] : methods.items()) {
      std::string name = method;
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
      documented.insert(name + " " + path);
    }
  }
  std::set<std::string> served;
  for (const Route& route : routes()) served.insert(std::string(route.method) + " " + std::string(route.path));
  CHECK(documented == served);
}

TEST_CASE("a path is found with its parameters, and a merchant's id may hold slashes") {
  CHECK(find_route("GET", "/v1/notifications").route->endpoint == Endpoint::kListNotifications);
  CHECK(find_route("HEAD", "/v1/notifications/5").parameters.front() == "5");
  const RouteMatch shown = find_route("GET", "/v1/merchants/dhpay/a/b/probe");
  REQUIRE(shown.route != nullptr);
  CHECK(shown.route->endpoint == Endpoint::kShowMerchant);
  CHECK(shown.parameters.at(1) == "a/b/probe");
  CHECK(find_route("POST", "/v1/merchants/dhpay/a/b/probe").parameters.at(1) == "a/b");
  CHECK(find_route("PUT", "/v1/notifications").allowed == "POST, GET");
  for (const char* path : {"/", "", "/v1", "/v1/notifications/", "/v1/notifications/5/", "/v1/notifications//why",
                           "/v1/merchants/", "/v1/merchants/dhpay", "/v1/merchants/dhpay/", "/v1/statsx"}) {
    CAPTURE(path);
    CHECK(find_route("GET", path).allowed.empty());
  }
}

}  // namespace
}  // namespace ackd::test
