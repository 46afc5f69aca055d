// GET /v1/providers/{provider} and its timetable, for every shipped profile.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "api_world.h"

namespace ackd::test {
namespace {

using Json = nlohmann::json;

Json shown(ApiWorld& world, const std::string& path, const Fields& query = {}) {
  const ApiResponse response = world.get(path, query);
  REQUIRE(response.status == 200);
  return Json::parse(response.body);
}

TEST_CASE("a provider tells its fields, what is required and hidden, and when it repeats") {
  ApiWorld world;
  const Json dhpay = shown(world, "/v1/providers/dhpay");
  CHECK(dhpay["id"] == "dhpay");
  CHECK(dhpay["method"] == "GET");
  CHECK(dhpay["encoding"] == "query");
  CHECK(dhpay["subject"] == Json{"order_no"});
  CHECK(dhpay["acknowledgement"].get<std::string>().find("success") != std::string::npos);
  CHECK(dhpay["schedule"]["sends_max"] == dhpay["schedule"]["delays_s"].size() + 1);
  bool any_required = false;
  for (const Json& field : dhpay["fields"]) any_required = any_required || field["required"];
  CHECK(any_required);
}

TEST_CASE("every profile is shown whole, and no sensitive example with it") {
  ApiWorld world;
  for (const Profile* profile : world.catalogue.all_current()) {
    CAPTURE(profile->id);
    const Json provider = shown(world, "/v1/providers/" + profile->id);
    CHECK(provider["sources"].size() == profile->sources.size());
    CHECK_FALSE(provider["identity"].empty());
    for (const Json& field : provider["fields"]) {
      CHECK(field["name"] != profile->signature.field);
      if (field["sensitive"]) CHECK_FALSE(field.contains("example"));
    }
    const Json attempts = shown(world, "/v1/providers/" + profile->id + "/timetable")["attempts"];
    REQUIRE(attempts.size() == profile->schedule.sends_max());
    CHECK(attempts[0]["attempt"] == 1);
    CHECK(attempts[0]["after_s"] == 0);
  }
}

TEST_CASE("a timetable counts from the instant that is asked for, and from now without one") {
  ApiWorld world;
  const Json given = shown(world, "/v1/providers/payindex/timetable", {{"from", "2026-03-01T20:00:00.5+08:00"}});
  CHECK(given["from"] == "2026-03-01T12:00:00.500Z");
  REQUIRE(given["attempts"].size() == 4);
  CHECK(given["attempts"][3] == Json{{"attempt", 4}, {"after_s", 30}, {"at", "2026-03-01T12:00:30.500Z"}});
  const Json now = shown(world, "/v1/providers/payindex/timetable");
  CHECK(now["from"].get<std::string>().starts_with("2026-01-01T00:00:00."));
  const Json last = shown(world, "/v1/providers/payindex/timetable", {{"from", "9999-12-31T23:59:59Z"}});
  CHECK(last["attempts"][3]["at"].get<std::string>().starts_with("9999-12-31T23:59:59"));
}

TEST_CASE("unknown providers and parameters are refused with the nearest known one") {
  ApiWorld world;
  const ApiResponse unknown = world.get("/v1/providers/dhpai");
  CHECK(unknown.status == 404);
  CHECK(unknown.body.find("did you mean 'dhpay'?") != std::string::npos);
  CHECK(world.get("/v1/providers/x/timetable").status == 404);
  for (const Fields& query : {Fields{{"form", "x"}}, Fields{{"from", "noon"}}, Fields{{"from", ""}}}) {
    CHECK(world.get("/v1/providers/payindex/timetable", query).status == 400);
  }
}

}  // namespace
}  // namespace ackd::test
