// What POST /v1/notifications promises beyond one notification: slices, rates, keys.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "api/ingest_reader.h"
#include "api_world.h"

namespace ackd::test {
namespace {

using Json = nlohmann::json;

Json body_of(const ApiResponse& response) {
  return Json::parse(response.body);
}

std::string retry_after(const ApiResponse& response) {
  const std::string* value = find_field(response.headers, "Retry-After");
  return value == nullptr ? "" : *value;
}

std::string batch_of(int count, const std::string& separator = ",") {
  std::string text;
  for (int i = 0; i < count; ++i) text += (i == 0 ? "" : separator) + dhpay_notification("o" + std::to_string(i));
  return text;
}

std::string with_key(const std::string& notification, const std::string& key) {
  return notification.substr(0, notification.size() - 1) + ",\"key\":\"" + key + "\"}";
}

TEST_CASE("a long array and long NDJSON are read over several turns, and admitted as a whole") {
  for (const bool lines : {false, true}) {
    CAPTURE(lines);
    ApiWorld world;
    const std::string items = batch_of(1'000, lines ? "\n" : ",");
    world.api.start({"POST",
                     "/v1/notifications",
                     {},
                     lines ? items : "[" + items + "]",
                     lines ? "application/x-ndjson" : "application/json"});
    int turns = 0;
    std::vector<FinishedResponse> finished;
    while (finished.empty() && turns < 20) {
      CHECK((world.outbox.records.empty() || turns >= 4));
      world.turn();
      finished = world.api.take_finished();
      ++turns;
    }
    CHECK(turns > 4);
    REQUIRE(finished.size() == 1);
    CHECK(body_of(finished[0].response)["results"].size() == 1'000);
    CHECK(world.outbox.records.size() == 1'000);
    CHECK_FALSE(world.api.wants_turn());
  }
}

TEST_CASE("no slice reads more than its share, however the body is made") {
  const ApiWorld world;
  const IntakeTime at{EngineTime{1}, WallTime{1}};
  for (const std::string& body : {"[" + batch_of(1'000) + "]", batch_of(1'000, "\n")}) {
    IngestReader reader(body, body[0] == '[' ? "application/json" : "application/x-ndjson");
    int slices = 0;
    for (; !reader.done(); ++slices) reader.read_slice(world.intake, at);
    CHECK(slices == 4);
  }
}

TEST_CASE("a single notification is not kept waiting by a long batch that is still being read") {
  ApiWorld world;
  world.api.start({"POST", "/v1/notifications", {}, "[" + batch_of(5'000) + "]", "application/json"});
  world.turn();
  CHECK(world.api.wants_turn());
  CHECK(world.post("/v1/notifications", dhpay_notification("single")).status == 201);
  CHECK(world.outbox.records.size() == 1);
}

TEST_CASE("a body that is broken anywhere refuses the whole of it, and nothing is admitted") {
  const std::string good = batch_of(600);
  const std::vector<std::string> bodies{
      "[" + good,       "[" + good + ",]", "[" + good + ",{]", "[" + good + "]]",   "[" + good + "] x", "[,]",
      "[" + good + "}", "[] []",           "[" + good + ",\"", "[" + good + " {}]", "[{\"a\":[}]]",     "[{\"a\\\"]"};
  for (const std::string& body : bodies) {
    CAPTURE(body.substr(body.size() > 20 ? body.size() - 20 : 0));
    ApiWorld world;
    CHECK(world.post("/v1/notifications", body).status == 400);
    CHECK(world.outbox.records.empty());
  }
}

TEST_CASE("brackets and quotes inside texts do not end an item, and blanks between items do not matter") {
  ApiWorld world;
  const std::string odd = R"({"provider":"x]","merchant":"a\"],{","fields":{"a":"[{\\"}})";
  const ApiResponse response =
      world.post("/v1/notifications", " \n[ " + odd + " ,\r\n\t" + dhpay_notification("o1") + " ] \n");
  CHECK(response.status == 200);
  const Json results = body_of(response)["results"];
  REQUIRE(results.size() == 2);
  CHECK(results[0]["status"] == 422);
  CHECK(results[1]["status"] == 201);
  CHECK(body_of(world.post("/v1/notifications", "[]"))["results"].empty());
}

TEST_CASE("one item over the limit, and one nested too deep, are refused") {
  ApiWorld world;
  const std::string huge = R"({"provider":")" + std::string(kIngestItemBytesMax, 'x') + "\"}";
  CHECK(world.post("/v1/notifications", huge).status == 413);
  CHECK(world.post("/v1/notifications", "[" + huge + "]").status == 413);
  CHECK(world.post("/v1/notifications", "[" + std::string(100'000, '[') + "]").status == 400);
}

TEST_CASE("a hundred posts of one key before the first commit make one notification") {
  ApiWorld world;
  world.outbox.stuck = true;
  for (int i = 0; i < 100; ++i) {
    world.api.start({"POST", "/v1/notifications", {}, with_key(dhpay_notification("o1"), "k"), "application/json"});
  }
  world.turn();
  CHECK(world.api.take_finished().empty());
  world.outbox.stuck = false;
  std::multiset<int> statuses;
  std::set<std::string> ids;
  for (int turns = 0; turns < 10; ++turns) {
    world.turn();
    for (const FinishedResponse& done : world.api.take_finished()) {
      statuses.insert(done.response.status);
      ids.insert(body_of(done.response)["id"]);
    }
  }
  CHECK(statuses.count(201) == 1);
  CHECK(statuses.count(200) == 99);
  CHECK(ids.size() == 1);
  CHECK(world.outbox.records.size() == 1);
}

TEST_CASE("one key twice in a batch is one notification, and a conflict where the content differs") {
  ApiWorld world;
  const std::string first = with_key(dhpay_notification("o1"), "k");
  const std::string other = with_key(dhpay_notification("o1", "99.99"), "k");
  const Json results =
      body_of(world.post("/v1/notifications", "[" + first + "," + first + "," + other + "]"))["results"];
  CHECK(results[0]["status"] == 201);
  CHECK(results[1]["status"] == 200);
  CHECK(results[1]["id"] == results[0]["id"]);
  CHECK(results[2]["status"] == 409);
  CHECK(results[2]["problem"]["field"] == "key");
}

TEST_CASE("over the rate of requests ingest answers 429 and says when to come back") {
  ApiWorld world({.requests_per_second = 2, .requests_burst = 3});
  for (int i = 0; i < 3; ++i) CHECK(world.post("/v1/notifications", dhpay_notification("o")).status < 300);
  const ApiResponse refused = world.post("/v1/notifications", dhpay_notification("o"));
  CHECK(refused.status == 429);
  CHECK(retry_after(refused) == "1");
  CHECK(world.get("/healthz").status == 200);
  world.now.boot.ms += 500;
  world.now.wall.ms += 500;
  world.turn();
  CHECK(world.post("/v1/notifications", dhpay_notification("o")).status == 200);
  CHECK(world.post("/v1/notifications", dhpay_notification("o")).status == 429);
}

TEST_CASE("a batch passes whole and is paid for afterwards") {
  ApiWorld world({.notifications_per_second = 10});
  CHECK(world.post("/v1/notifications", "[" + batch_of(50) + "]").status == 200);
  const ApiResponse refused = world.post("/v1/notifications", dhpay_notification("later"));
  CHECK(refused.status == 429);
  CHECK(retry_after(refused) == "5");
  world.now.boot.ms += 5'000;
  world.now.wall.ms += 5'000;
  world.turn();
  CHECK(world.post("/v1/notifications", dhpay_notification("later")).status == 201);
}

TEST_CASE("a client over its rate is refused, and the others are not") {
  ApiWorld world({.requests_per_second = 2, .notifications_per_second = 100});
  int made = 0;
  const auto post_as = [&](const char* client, const std::string& body) {
    return world.ask({"POST", "/v1/notifications", {}, body, "application/json", client}).status;
  };
  const auto one = [&] { return dhpay_notification("client-" + std::to_string(++made)); };
  for (int i = 0; i < 2; ++i) CHECK(post_as("127.0.0.1", one()) == 201);
  for (int i = 0; i < 20; ++i) CHECK(post_as("127.0.0.1", one()) == 429);
  for (int i = 0; i < 2; ++i) CHECK(post_as("127.0.0.2", one()) == 201);
  CHECK(post_as("uid 0", "[" + batch_of(300) + "]") == 200);
  CHECK(post_as("uid 0", one()) == 429);
  CHECK(post_as("uid 1", one()) == 201);
}

TEST_CASE("clients are forgotten when that changes nothing for them, and those beyond the table share one rate") {
  ClientRates rates({.requests_per_second = 1});
  EngineTime now{1'000'000};
  const auto pass = [&](const std::string& client) {
    if (rates.wait(client, now).time.count() > 0) return false;
    rates.take_request(client, now);
    return true;
  };
  for (std::size_t i = 0; i < kClientsMax; ++i) CHECK(pass(std::to_string(i)));
  CHECK(rates.size() == kClientsMax);
  CHECK(pass("one more"));
  CHECK_FALSE(pass("another"));
  CHECK_FALSE(pass("0"));
  CHECK(rates.size() == kClientsMax);
  now.ms += 1'000;
  CHECK(pass("another"));
  CHECK(rates.size() == 1);
  ClientRates none(IngestRates{});
  CHECK(none.wait("x", now).time == Duration(0));
  none.take_request("x", now);
  CHECK(none.size() == 0);
}

}  // namespace
}  // namespace ackd::test
