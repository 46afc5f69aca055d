// Rates: when the next request of a lane, a merchant or a host may start, and who starts it.
#include <doctest/doctest.h>

#include "lanes_fixture.h"

namespace ackd::test {
namespace {

LaneLimits limits_with(const DeliveryRates& rates) {
  LaneLimits limits{.window = 1'000, .host_ceiling = 1'000'000};
  limits.rates = rates;
  return limits;
}

class Fixture : public LanesFixture {
 public:
  explicit Fixture(const DeliveryRates& rates = {}) : LanesFixture(limits_with(rates)) {}

  void offer_some(std::int64_t lane, std::int64_t first, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) offer(lane, first + i);
  }
  // Starts all that may start, and returns how many that were.
  std::size_t start_all() {
    std::size_t started = 0;
    while (start() != 0) ++started;
    return started;
  }
  Duration until_next_wake() const { return lanes.next_wake().value() - now; }
};

TEST_CASE("a lane starts its burst at once, and then sleeps exactly until the next token") {
  Fixture f({.lane = {2, 3}});
  f.offer_some(1, 11, 10);
  CHECK(f.start_all() == 3);
  CHECK(f.lanes.waiting_for_token() == 1);
  CHECK(f.until_next_wake() == Duration(500));
  f.pass(Duration(499));
  CHECK(f.start_all() == 0);
  f.pass(Duration(1));
  CHECK(f.start_all() == 1);
  f.pass(std::chrono::hours(1));
  CHECK(f.start_all() == 3);
}

TEST_CASE("each lane has its own rate, and a merchant's own stands instead for all of its lanes") {
  Fixture f({.lane = {1, 1}});
  const LaneKey other{"provider", "m2", "elsewhere"};
  SUBCASE("its own") {}
  SUBCASE("its merchant's") {
    f.facts["m2"] = {"even", std::nullopt, false, Rate{1, 1}};
  }
  const std::size_t expected = f.facts.empty() ? 2 : 1;
  f.offer_some(2, 21, 3);
  for (std::int64_t id = 41; id < 44; ++id) f.offer(4, other, id);
  CHECK(f.start_all() == expected);
  f.pass(Duration(1'000));
  CHECK(f.start_all() == expected);
}

TEST_CASE("lanes of one merchant take its tokens in turn") {
  Fixture f;
  f.facts["m2"] = {"even", std::nullopt, false, Rate{1, 1}};
  f.offer_some(2, 21, 5);
  for (std::int64_t id = 41; id < 46; ++id) f.offer(4, {"provider", "m2", "elsewhere"}, id);
  std::map<std::int64_t, int> starts;
  for (int second = 0; second < 8; ++second) {
    const std::int64_t id = f.start();
    CHECK(f.start() == 0);
    ++starts[id / 10];
    f.pass(Duration(1'000));
  }
  CHECK(starts[2] == 4);
  CHECK(starts[4] == 4);
}

TEST_CASE("a host's lanes share its rate and wait in its line, the longest waiting first") {
  Fixture f({.host = {1, 1}, .hosts = {{"odd", {}}}});
  for (const std::int64_t lane : {2, 4, 6}) f.offer_some(lane, lane * 10, 3);
  f.offer_some(1, 11, 5);
  CHECK(f.start_all() == 5 + 1);  // the other host has no rate
  std::string order;
  for (int second = 0; second < 6; ++second) {
    CHECK(f.until_next_wake() == Duration(1'000));
    f.pass(Duration(1'000));
    order += std::to_string(f.start() / 10);
    CHECK(f.start() == 0);
  }
  CHECK(order == "462462");
}

TEST_CASE("a host at its rate and at its ceiling needs a token and a slot") {
  LaneLimits limits = limits_with({.host = {1, 2}});
  limits.host_ceiling = 1;
  LanesFixture f(limits);
  f.offer(2, 21);
  f.offer(4, 41);
  f.offer(6, 61);
  CHECK(f.start() == 21);
  CHECK(f.start() == 0);  // no slot: lane 4 had a token, and is behind lane 6 now, which had none
  f.finish(2, 21, Duration(1));
  CHECK(f.start() == 61);
  f.finish(6, 61, Duration(1));
  CHECK(f.start() == 0);  // no token
  f.pass(Duration(1'000));
  CHECK(f.start() == 41);
}

TEST_CASE("a token that comes while the host is full is used when a slot is free") {
  LaneLimits limits = limits_with({.host = {1, 1}});
  limits.host_ceiling = 1;
  LanesFixture f(limits);
  f.offer(2, 21);
  f.offer(4, 41);
  CHECK(f.start() == 21);
  f.pass(Duration(5'000));
  CHECK(f.start() == 0);
  f.finish(2, 21, Duration(1));
  CHECK(f.start() == 41);
}

TEST_CASE("a rate that is used up stays so when its lane has nothing to do for a while") {
  Fixture f({.lane = {1, 2}});
  f.offer_some(1, 11, 2);
  CHECK(f.start_all() == 2);
  f.finish(1, 11, Duration(1));
  f.finish(1, 12, Duration(1));
  CHECK(f.lanes.size() == 0);
  f.offer_some(1, 13, 2);
  CHECK(f.start_all() == 0);
  f.pass(Duration(1'000));
  CHECK(f.start_all() == 1);
}

TEST_CASE("a suspect obeys the rate, and has a token kept for it where others would take every one") {
  Fixture f({.lane = {1, 1}});
  f.offer_some(1, 11, 5);
  CHECK(f.start_all() == 1);
  Lane& lane = *f.lanes.find(LaneId{1});
  CHECK_FALSE(f.lanes.admits_suspect(lane));
  f.pass(Duration(1'000));
  CHECK(f.start_all() == 0);
  CHECK(f.lanes.admits_suspect(lane));
  SUBCASE("it takes it") {
    f.lanes.started(lane);
    f.lanes.reconsider(lane, f.now);
    CHECK_FALSE(f.lanes.admits_suspect(lane));
    CHECK(f.start_all() == 0);
  }
  SUBCASE("it does not come") {
    CHECK(f.until_next_wake() == Duration(1'000));
    f.pass(Duration(1'000));
    CHECK(f.start_all() == 1);
  }
}

TEST_CASE("what did not even come to be signed gives its token back") {
  Fixture f({.lane = {1, 1}, .host = {1, 1}});
  f.offer_some(1, 11, 2);
  CHECK(f.start() == 11);
  Lane& lane = *f.lanes.find(LaneId{1});
  f.lanes.give_back_token(lane, lane.host);
  f.finish(1, 11, Duration(0));
  CHECK(f.start() == 12);
}

TEST_CASE("a lane that was woken for a token and does not take it passes it on") {
  Fixture f({.host = {1, 1}});
  f.offer(2, 21);
  f.offer(4, 41);
  f.offer(6, 61);
  CHECK(f.start() == 21);
  f.pass(Duration(1'000));
  f.change(4, {"even", std::nullopt, true});
  CHECK(f.start() == 61);
}

TEST_CASE("a lane that leaves its place and takes it again wakes nobody") {
  Fixture f({.host = {1, 2}});
  f.offer_some(1, 11, 2);
  CHECK(f.start() == 11);
  f.offer_some(3, 31, 1);  // waits for the token after the one that the first lane has a claim to
  REQUIRE(f.until_next_wake() == Duration(1'000));
  f.lanes.reconsider(*f.lanes.find(LaneId{1}), f.now);
  CHECK(f.until_next_wake() == Duration(1'000));
  CHECK(f.start_all() == 1);
}

TEST_CASE("a full bucket that nobody uses any more wakes nobody") {
  Fixture f({.lane = {1, 1}});
  f.lanes.reconsider(f.lanes.get(LaneId{1}, key(1), LaneStanding::kUnknown),
                     f.now);  // it has nothing to do, and is forgotten
  CHECK(f.lanes.find(LaneId{1}) == nullptr);
  CHECK_FALSE(f.lanes.next_wake());
}

TEST_CASE("a changed rate is in force at once and gives no new burst") {
  Fixture f;
  f.facts["m1"] = {"odd", std::nullopt, false, Rate{1, 2}};
  f.offer_some(1, 11, 20);
  CHECK(f.start_all() == 2);
  f.change(1, {"odd", std::nullopt, false, Rate{10, 100}});
  CHECK(f.start_all() == 0);
  f.pass(Duration(100));
  CHECK(f.start_all() == 1);
  f.change(1, {"odd", std::nullopt, false, std::nullopt});
  CHECK(f.start_all() == 17);
}

TEST_CASE("a squeezed lane obeys its rate too") {
  Fixture f({.lane = {1, 1}});
  f.offer_some(1, 11, 3);
  CHECK(f.start() == 11);
  f.change(1, {"odd", 1, false});  // a window of one: the next failure squeezes it
  f.finish(1, 11, Duration(1), std::nullopt, LaneFeedback::kBad);
  REQUIRE(f.lanes.find(LaneId{1})->window.squeezed());
  CHECK(f.start() == 0);
  f.pass(Duration(1'000));
  CHECK(f.start() == 12);
}

// One that looked at all of them for each token would take minutes.
TEST_CASE("a hundred thousand lanes at the rate of their host cost nothing while they wait") {
  constexpr std::int64_t kLanes = 100'000;
  Fixture f({.host = {1'000, 1}});
  for (std::int64_t lane = 2; lane <= 2 * kLanes; lane += 2) f.offer(lane, lane);
  CHECK(f.start_all() == 1);
  for (int ms = 0; ms < 5'000; ++ms) {
    REQUIRE(f.until_next_wake() == Duration(1));
    f.pass(Duration(1));
    REQUIRE(f.start_all() == 1);
  }
}

}  // namespace
}  // namespace ackd::test
