// GET /v1/lanes and /v1/hosts on the real engine.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "api/lane_resource.h"
#include "api_world.h"

namespace ackd::test {
namespace {

using Json = nlohmann::json;

Json page_of(ApiWorld& world, const std::string& path, const Fields& query) {
  const ApiResponse response = world.get(path, query);
  REQUIRE(response.status == 200);
  return Json::parse(response.body);
}

// Every row of the list, page by page; no row twice.
std::vector<Json> all_of(ApiWorld& world, const std::string& path, const std::string& rows, Fields query) {
  std::vector<Json> out;
  std::set<std::string> seen;
  Json page = page_of(world, path, query);
  query.push_back({"cursor", ""});
  while (true) {
    for (const Json& row : page[rows]) {
      CHECK(seen.insert(row.dump()).second);
      out.push_back(row);
    }
    if (page["next_cursor"].is_null()) return out;
    query.back().value = page["next_cursor"];
    page = page_of(world, path, query);
  }
}

// Lanes that sleep for a minute, so that they stay: `count` of each provider, on `hosts` hosts.
void add_lanes(ApiWorld& world, std::int64_t count, std::int64_t hosts) {
  std::int64_t id = 0;
  for (const char* provider : {"a", "b"}) {
    for (std::int64_t i = 0; i < count; ++i) {
      LaneHead head;
      head.lane = LaneId{++id};
      head.key = {provider, fmt::format("m/{:06}|", i), fmt::format("https://h{}.example", i % hosts)};
      head.earliest[0] = EngineTime{ApiWorld::kStartMs + 60'000};
      world.outbox.arrivals.push_back(std::move(head));
    }
  }
  world.turn();
}

TEST_CASE("lanes come page by page, each once, whatever is in their names") {
  ApiWorld world;
  add_lanes(world, 250, 7);
  for (const char* limit : {"1", "7", "1000"}) {
    CAPTURE(limit);
    const std::vector<Json> lanes = all_of(world, "/v1/lanes", "lanes", {{"limit", limit}, {"provider", "a"}});
    REQUIRE(lanes.size() == 250);
    CHECK(lanes[3]["merchant"] == "m/000003|");
    CHECK(lanes[3]["host"] == "https://h3.example");
    CHECK(lanes[3]["window"] == 1);
  }
  CHECK(all_of(world, "/v1/lanes", "lanes", {}).size() >= 250);
  CHECK(all_of(world, "/v1/lanes", "lanes", {{"host", "https://h6.example"}, {"provider", "a"}}).size() == 35);
  CHECK(all_of(world, "/v1/lanes", "lanes", {{"provider", "a"}, {"merchant", "m/000007|"}}).size() == 1);
  CHECK(all_of(world, "/v1/lanes", "lanes", {{"merchant", "m/000007|"}}).size() == 2);
  CHECK(all_of(world, "/v1/lanes", "lanes", {{"provider", "nobody"}}).empty());
}

TEST_CASE("a filtered list of lanes looks at a bounded number and goes on where it stopped") {
  ApiWorld world;
  add_lanes(world, 3'000, 1);
  const Fields nobody{{"host", "https://nobody.example"}};
  Json page = page_of(world, "/v1/lanes", nobody);
  CHECK(page["lanes"].empty());
  CHECK(page["next_cursor"].is_string());
  CHECK(all_of(world, "/v1/lanes", "lanes", nobody).empty());
}

TEST_CASE("hosts tell how many lanes and requests they have") {
  ApiWorld world;
  add_lanes(world, 21, 7);
  const std::vector<Json> hosts = all_of(world, "/v1/hosts", "hosts", {{"limit", "2"}});
  REQUIRE(hosts.size() == 7);
  CHECK(hosts[0]["host"] == "https://h0.example");
  CHECK(hosts[0]["lanes"] == 6);
  CHECK(hosts[0]["ceiling"] == 64);
  world.outbox.arrivals.push_back({LaneId{99}, {"a", "without a URL", ""}, {EngineTime{ApiWorld::kStartMs}}});
  world.turn();
  const std::vector<Json> more = all_of(world, "/v1/hosts", "hosts", {{"limit", "1"}});
  CHECK(more.size() == 8);
  CHECK(more[0]["host"] == "");
}

TEST_CASE("what a list does not understand is refused") {
  ApiWorld world;
  const std::vector<Fields> bad{{{"limit", "0"}},   {{"limit", "1001"}}, {{"limit", ""}},
                                {{"limit", "9x"}},  {{"limit", "-1"}},   {{"cursor", "x"}},
                                {{"cursor", ""}},   {{"hsot", "x"}},     {{"limit", "1"}, {"limit", "2"}},
                                {{"limit", "1e2"}}, {{"", ""}}};
  for (const Fields& query : bad) {
    CAPTURE(query.front().name + "=" + query.front().value);
    CHECK(world.get("/v1/lanes", query).status == 400);
    CHECK(world.get("/v1/hosts", query).status == 400);
  }
}

TEST_CASE("a hundred thousand lanes are listed in short steps") {
  ApiWorld world;
  add_lanes(world, 50'000, 1'000);
  REQUIRE(world.engine.stats().lanes == 100'000);
  std::clock_t longest = 0;
  Fields query{{"limit", "1000"}};
  std::size_t rows = 0;
  for (Json page; !page.contains("next_cursor") || !page["next_cursor"].is_null();) {
    const std::clock_t start = std::clock();
    const ApiResponse response = respond_with_lanes(world.engine, query);
    longest = std::max(longest, std::clock() - start);
    page = Json::parse(response.body);
    rows += page["lanes"].size();
    query = {{"limit", "1000"}};
    if (page["next_cursor"].is_string()) query.push_back({"cursor", page["next_cursor"]});
  }
  CHECK(rows == 100'000);
  MESSAGE("the longest page of 1,000 took " << longest * 1'000'000 / CLOCKS_PER_SEC << " us of CPU");
  // Generous, for a build with sanitizers; unbounded work would take seconds.
  CHECK(longest < CLOCKS_PER_SEC / 2);
}

}  // namespace
}  // namespace ackd::test
