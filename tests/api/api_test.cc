#include "api/api.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "api_world.h"

namespace ackd::test {
namespace {

using Json = nlohmann::json;

std::string header(const ApiResponse& response, std::string_view name) {
  const std::string* value = find_field(response.headers, name);
  return value == nullptr ? "" : *value;
}

Json body_of(const ApiResponse& response) {
  return Json::parse(response.body);
}

TEST_CASE("one notification is answered 201 after its commit, the same again 200, other content 409") {
  ApiWorld world;
  const ApiResponse first = world.post("/v1/notifications", dhpay_notification("o1"));
  CHECK(first.status == 201);
  CHECK(body_of(first)["state"] == "pending");
  const ApiResponse again = world.post("/v1/notifications", dhpay_notification("o1"));
  CHECK(again.status == 200);
  CHECK(body_of(again)["id"] == body_of(first)["id"]);
  CHECK(body_of(again)["duplicate"] == true);
  const ApiResponse other = world.post("/v1/notifications", dhpay_notification("o1", "99.99"));
  CHECK(other.status == 409);
  CHECK(header(other, "Content-Type") == "application/problem+json");
  CHECK(body_of(other)["detail"].get<std::string>().find(body_of(first)["id"].get<std::string>()) != std::string::npos);
}

TEST_CASE("no answer leaves before the commit") {
  ApiWorld world;
  world.outbox.stuck = true;
  world.api.start({"POST", "/v1/notifications", {}, dhpay_notification("o1"), "application/json"});
  for (int turns = 0; turns < 5; ++turns) world.turn();
  CHECK(world.api.take_finished().empty());
  world.outbox.stuck = false;
  for (int turns = 0; turns < 5; ++turns) world.turn();
  const auto finished = world.api.take_finished();
  REQUIRE(finished.size() == 1);
  CHECK(finished[0].response.status == 201);
}

TEST_CASE("what cannot be delivered is 422 with its field, what is not JSON is 400") {
  ApiWorld world;
  const ApiResponse unknown = world.post("/v1/notifications", R"({"provider":"dhpya","merchant":"1","fields":{}})");
  CHECK(unknown.status == 422);
  CHECK(body_of(unknown)["field"] == "provider");
  CHECK(world.post("/v1/notifications", R"({"provider":"dhpay","merchant":"nobody","fields":{}})").status == 422);
  CHECK(world.post("/v1/notifications", R"({"provider":"dhpay","merchant":"499800","fields":{"a":true}})").status ==
        422);
  CHECK(world.post("/v1/notifications", "{").status == 400);
  CHECK(world.post("/v1/notifications", "7").status == 400);
  CHECK(world.outbox.records.empty());
}

TEST_CASE("a batch answers 200 with a status for each item, in order") {
  ApiWorld world;
  const std::string batch = "[" + dhpay_notification("a") + R"(,{"provider":"x"},)" + dhpay_notification("b") + "," +
                            dhpay_notification("a") + "]";
  const ApiResponse response = world.post("/v1/notifications", batch);
  CHECK(response.status == 200);
  const Json results = body_of(response)["results"];
  REQUIRE(results.size() == 4);
  CHECK(results[0]["status"] == 201);
  CHECK(results[1]["status"] == 422);
  CHECK(results[1]["problem"]["field"] == "provider");
  CHECK(results[2]["status"] == 201);
  CHECK(results[3]["status"] == 200);
  CHECK(results[3]["id"] == results[0]["id"]);
}

TEST_CASE("a bad line of NDJSON refuses that item only") {
  ApiWorld world;
  const std::string lines = dhpay_notification("a") + "\n{oops\n\n" + dhpay_notification("b");
  const Json results = body_of(world.post("/v1/notifications", lines, "application/x-ndjson"))["results"];
  REQUIRE(results.size() == 3);
  CHECK(results[0]["status"] == 201);
  CHECK(results[1]["status"] == 422);
  CHECK(results[2]["status"] == 201);
}

TEST_CASE("a batch over ten thousand items is 413") {
  ApiWorld world;
  std::string batch = "[{}";
  for (std::size_t i = 0; i < kIngestItemsMax; ++i) batch += ",{}";
  CHECK(world.post("/v1/notifications", batch + "]").status == 413);
}

TEST_CASE("after the first 503 of a batch the rest are not attempted") {
  Ingest ingest;
  ingest.refusals.resize(3);
  const Error full{ErrorCode::kStorageFull, "the disk is full", {}};
  OperationResult recorded;
  recorded.id = {9};
  const Json results = body_of(respond_to_ingest(ingest, {recorded, full, full}))["results"];
  CHECK(results[0]["status"] == 201);
  CHECK(results[1]["problem"]["title"] == "storage_full");
  CHECK_FALSE(results[1].contains("title"));
  CHECK(results[2]["status"] == 503);
  CHECK(results[2]["title"] == "not_attempted");
}

TEST_CASE("a low disk and a drain answer 503 with Retry-After, and reading goes on") {
  ApiWorld world;
  world.outbox.band = DiskBand::kLow;
  const ApiResponse low = world.post("/v1/notifications", dhpay_notification("a"));
  CHECK(low.status == 503);
  CHECK(header(low, "Retry-After") == "10");
  CHECK(world.get("/readyz").status == 503);
  world.outbox.band = DiskBand::kPlenty;
  world.turn();
  CHECK(world.get("/readyz").status == 200);
  world.engine.begin_drain();
  CHECK(world.post("/v1/notifications", dhpay_notification("a")).status == 503);
  CHECK(world.get("/v1/stats").status == 200);
  CHECK(world.get("/healthz").status == 200);
}

TEST_CASE("over the limit of memory ingest answers 503 with the limit, until enough is free again") {
  ApiWorld world;
  world.engine.note_memory({(100u << 20) + 1, 100u << 20});
  const ApiResponse refused = world.post("/v1/notifications", dhpay_notification("a"));
  CHECK(refused.status == 503);
  CHECK(header(refused, "Retry-After") == "10");
  CHECK(body_of(refused)["detail"].get<std::string>().find("ingest.memory_max is 100 MiB") != std::string::npos);
  CHECK(world.get("/readyz").status == 503);
  CHECK(world.get("/v1/stats").status == 200);
  world.engine.note_memory({99u << 20, 100u << 20});
  CHECK(world.post("/v1/notifications", dhpay_notification("a")).status == 503);
  world.engine.note_memory({90u << 20, 100u << 20});
  CHECK(world.post("/v1/notifications", dhpay_notification("a")).status == 201);
  CHECK(world.get("/readyz").status == 200);
}

TEST_CASE("show tells the acknowledgement, the schedule and what is next") {
  ApiWorld world;
  const Json made = body_of(world.post("/v1/notifications", dhpay_notification("o1")));
  const ApiResponse response = world.get("/v1/notifications/" + made["id"].get<std::string>());
  CHECK(response.status == 200);
  const Json shown = body_of(response);
  CHECK(shown["fields"]["amount"] == "12.30");
  CHECK(shown["schedule"]["sends_max"] == 10);
  CHECK(shown["acknowledgement"].get<std::string>().find("success") != std::string::npos);
  CHECK(shown["next"]["attempt"] == 1);
  CHECK(response.body.find("secret-key") == std::string::npos);
  CHECK(world.get("/v1/notifications/12345").status == 404);
  CHECK(world.get("/v1/notifications/zero").status == 404);
}

TEST_CASE("show gives the tags back as they were given") {
  ApiWorld world;
  const std::string plain = dhpay_notification("o1");
  const Json made =
      body_of(world.post("/v1/notifications", plain.substr(0, plain.size() - 1) + R"(,"tags":{"shop":"a","n":1.0}})"));
  const Json shown = body_of(world.get("/v1/notifications/" + made["id"].get<std::string>()));
  CHECK(shown["tags"] == Json{{"shop", "a"}, {"n", "1.0"}});
}

TEST_CASE("why names the widest reason that holds") {
  ApiWorld world;
  const Json made = body_of(world.post("/v1/notifications", dhpay_notification("o1")));
  const std::string path = "/v1/notifications/" + made["id"].get<std::string>() + "/why";
  CHECK(body_of(world.get(path))["why"].get<std::string>().starts_with("due since "));
  const std::string facts = body_of(world.get(path))["facts"].dump();
  CHECK(facts.find("acknowledged when body is 'success'") != std::string::npos);
  CHECK(facts.find("(published: success: DHpay's interface document)") != std::string::npos);
  world.engine.begin_drain();
  CHECK(body_of(world.get(path))["why"].get<std::string>().find("draining") != std::string::npos);
}

TEST_CASE("cancel is applied once, and refused with the state that it is in") {
  ApiWorld world;
  const Json made = body_of(world.post("/v1/notifications", dhpay_notification("o1")));
  const std::string path = "/v1/notifications/" + made["id"].get<std::string>() + "/cancel";
  const ApiResponse first = world.post(path, R"({"reason":"customer asked"})");
  CHECK(first.status == 200);
  CHECK(body_of(first)["state"] == "cancelled");
  CHECK(body_of(first)["result"] == "applied");
  const ApiResponse second = world.post(path, "");
  CHECK(second.status == 409);
  CHECK(body_of(second)["detail"].get<std::string>().find("is cancelled") != std::string::npos);
  CHECK(world.post("/v1/notifications/987654321/cancel", "").status == 404);
  CHECK(world.post(path, R"({"raeson":"x"})").status == 400);
}

TEST_CASE("a list passes its filter on, and refuses what it does not know") {
  ApiWorld world;
  const ApiResponse response = world.get("/v1/notifications", {{"state", "held"},
                                                               {"provider", "dhpay"},
                                                               {"host", "SHOP.example"},
                                                               {"tag", "a=1"},
                                                               {"tag", "b=x=y"},
                                                               {"tag", "c="},
                                                               {"since", "2026-01-01T00:00:00Z"},
                                                               {"limit", "7"},
                                                               {"cursor", "99"}});
  CHECK(response.status == 200);
  CHECK(body_of(response)["next_cursor"] == "77");
  REQUIRE(world.queries.last_filter);
  CHECK(world.queries.last_filter->state == State::kHeld);
  CHECK(world.queries.last_filter->limit == 7);
  CHECK(world.queries.last_filter->before == NotificationId{99});
  CHECK(world.queries.last_filter->host == "shop.example");
  CHECK(world.queries.last_filter->tags == Fields{{"a", "1"}, {"b", "x=y"}, {"c", ""}});
  CHECK(world.queries.last_filter->since == EngineTime{ApiWorld::kStartMs});
  const std::vector<Fields> bad{{{"stat", "held"}},       {{"state", "open"}}, {{"limit", "0"}},
                                {{"limit", "1001"}},      {{"tag", "a"}},      {{"tag", "=a"}},
                                {{"host", "https://a/"}}, {{"host", ""}},      {{"limit", "9x"}},
                                {{"since", "today"}},     {{"cursor", "a"}},   {{"limit", "1"}, {"limit", "2"}}};
  for (const Fields& query : bad) {
    CAPTURE(query.front().name + "=" + query.front().value);
    CHECK(world.get("/v1/notifications", query).status == 400);
  }
}

TEST_CASE("queries wait for room and are refused beyond a bound") {
  ApiWorld world;
  world.queries.has_room = false;
  for (int i = 0; i < 1'000; ++i) world.api.start({"GET", "/v1/stats", {}, "", ""});
  world.turn();
  CHECK(world.api.take_finished().empty());
  world.api.start({"GET", "/v1/stats", {}, "", ""});
  const auto refused = world.api.take_finished();
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].response.status == 429);
  world.queries.has_room = true;
  for (int turns = 0; turns < 3; ++turns) world.turn();
  CHECK(world.api.take_finished().size() == 1'000);
}

TEST_CASE("paths and methods that do not exist say so") {
  ApiWorld world;
  CHECK(world.get("/").status == 404);
  CHECK(world.get("/v1/notifications/5/explode").status == 404);
  CHECK(world.ask({"DELETE", "/v1/notifications", {}, "", ""}).status == 405);
  CHECK(header(world.ask({"PUT", "/healthz", {}, "", ""}), "Allow") == "GET");
  CHECK(world.get("/v1/notifications/5/retry").status == 405);
  CHECK(world.post("/v1/clock/confirm", "").status == 200);
  CHECK(body_of(world.get("/v1/providers"))["providers"].size() == world.catalogue.all_current().size());
}

}  // namespace
}  // namespace ackd::test
