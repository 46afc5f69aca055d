// What the API says while sending is suspended.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "api/explanation.h"
#include "api/metrics_resource.h"
#include "api/stats_resource.h"

namespace ackd::test {
namespace {

using Json = nlohmann::json;

constexpr EngineTime kNow{1'767'225'600'000};  // 2026-01-01T00:00:00Z

EngineStats suspended() {
  EngineStats stats;
  stats.now = kNow;
  stats.sending = SendingState::kSuspended;
  stats.sending_since = kNow - Duration(90'000);
  stats.hosts_failing = 12;
  stats.hosts_reached = 2;
  return stats;
}

std::string why(const LaneView& lane) {
  NotificationRecord record;
  record.state = State::kPending;
  record.next_at = kNow - Duration(1'000);
  RecordFacts facts;
  facts.now = kNow;
  return explain(record, facts, lane, suspended()).why;
}

TEST_CASE("statistics say that sending is suspended, since when and how many hosts fail") {
  const Json stats = Json::parse(respond_with_stats({}, {}, suspended(), {}).body)["engine"];
  CHECK(stats["sending"] == "suspended");
  CHECK(stats["sending_since"] == "2025-12-31T23:58:30.000Z");
  CHECK(stats["hosts_failing"] == 12);
  CHECK(stats["hosts_reached"] == 2);
}

TEST_CASE("a scrape says whether sending is suspended or comes back") {
  EngineStats engine = suspended();
  const auto has = [&](const std::string& line) {
    return respond_with_metrics({}, {}, engine).body.find("\n" + line + "\n") != std::string::npos;
  };
  CHECK(has("ackd_sending_suspended 1"));
  CHECK(has("ackd_sending_ramping 0"));
  CHECK(has("ackd_hosts_failing 12"));
  CHECK(has("ackd_hosts_reached 2"));
  engine.sending = SendingState::kRamping;
  CHECK(has("ackd_sending_suspended 0"));
  CHECK(has("ackd_sending_ramping 1"));
}

TEST_CASE("ackd is ready while sending is suspended: accepting goes on") {
  CHECK(respond_with_readiness(suspended()).status == 200);
}

TEST_CASE("why says what waits for an outage, and of a host that answers what it waits for itself") {
  LaneView lane;
  lane.known = true;
  lane.host = "https://shop.example:443";
  lane.window = 4;
  lane.host_ceiling = 64;
  lane.held_back = true;
  const std::string held_back = why(lane);
  CHECK(held_back.find("sending to https://shop.example:443 is suspended: since 2025-12-31T23:58:30.000Z") !=
        std::string::npos);
  CHECK(held_back.find("12 failing and 2 reached") != std::string::npos);
  CHECK(to_json(lane, kNow)["held_back"] == true);
  lane.held_back = false;
  lane.in_flight = 4;
  CHECK(why(lane).find("its lane is full") != std::string::npos);
}

TEST_CASE("why says of a merchant that fails, or has not answered yet, when it is tried and what it waits for") {
  LaneView lane;
  lane.known = true;
  lane.window = 1;
  lane.host_ceiling = 64;
  lane.squeezed = true;
  lane.trouble = "connection refused";
  lane.opens_at = kNow + std::chrono::seconds(4);
  const std::string closed = why(lane);
  CHECK(closed.find("its merchant fails (connection refused)") != std::string::npos);
  CHECK(closed.find("(in 4s)") != std::string::npos);
  CHECK(to_json(lane, kNow)["squeezed"] == true);
  lane.opens_at = kNow;
  CHECK(why(lane).find("take turns in a quarter of all requests") != std::string::npos);
  lane.squeezed = false;
  lane.untried = true;
  CHECK(why(lane).find("has not answered yet; such merchants take turns in half") != std::string::npos);
  CHECK(to_json(lane, kNow)["untried"] == true);
}

TEST_CASE("why says which rate is used up and when the next request may start") {
  LaneView lane;
  lane.known = true;
  lane.window = 4;
  lane.host_ceiling = 64;
  lane.host = "https://shop.example:443";
  lane.host_rate = {Rate{2, 5}, kNow + Duration(300)};
  CHECK(why(lane).find("the rate of its host https://shop.example:443, 2 a second, is used up; the next may "
                       "start at") != std::string::npos);
  CHECK(why(lane).find("(in 300ms)") != std::string::npos);
  lane.rate = {Rate{1, 0}, kNow + Duration(700)};
  CHECK(why(lane).find("the rate of its merchant, 1 a second") != std::string::npos);
  const nlohmann::ordered_json json = to_json(lane, kNow);
  CHECK(json["rate"] == 1);
  CHECK(json["rate_burst"] == 1);
  CHECK(json.contains("rate_opens_at"));
  CHECK(json["host_rate_burst"] == 5);
  lane.rate.next_at = lane.host_rate.next_at = kNow;
  CHECK(why(lane).find("its turn") != std::string::npos);
  CHECK_FALSE(to_json(lane, kNow).contains("rate_opens_at"));
  CHECK_FALSE(to_json(LaneView{}, kNow).contains("rate"));
}

}  // namespace
}  // namespace ackd::test
