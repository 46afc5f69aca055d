// Lanes whose merchants fail: one request at a time, and few of all of them together.
#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "lanes_fixture.h"

namespace ackd::test {
namespace {

constexpr Duration kTook{10'000};

// Each lane has a host of its own and more rows than it can send.
class Failing : public LanesFixture {
 public:
  explicit Failing(std::int64_t lanes_made, std::size_t squeezed_max = 100)
      : LanesFixture({.window = 4, .page_rows = 100, .squeezed_max = squeezed_max}) {
    for (std::int64_t lane = 1; lane <= lanes_made; ++lane) {
      facts[key(lane).merchant] = {"http://host" + std::to_string(lane), std::nullopt, false};
      for (std::int64_t i = 0; i < 12; ++i) offer(lane, lane * 100 + i);
    }
  }

  // Everything that may be in flight is, and ends badly.
  void fail_all() {
    std::vector<std::int64_t> started = start_all();
    for (const std::int64_t id : started) fail(id);
  }
  // Until nothing starts within a step.
  std::vector<std::int64_t> start_all() {
    std::vector<std::int64_t> started;
    for (std::size_t before = 1; before != started.size(); pass(TrialShare::kStep)) {
      before = started.size();
      while (const std::int64_t id = start()) started.push_back(id);
    }
    return started;
  }
  void fail(std::int64_t id) { finish(id / 100, id, kTook, std::nullopt, LaneFeedback::kBad); }
  // It answers, and nothing else is sent to it.
  void drop(std::int64_t id) {
    succeed(id);
    change(id / 100, {"http://host" + std::to_string(id / 100), std::nullopt, true});
  }
  void succeed(std::int64_t id) { finish(id / 100, id, Duration(1), std::nullopt, LaneFeedback::kGood); }
  // Its back-off is over.
  void reopen(std::int64_t lane) {
    lanes.find(LaneId{lane})->opens_at = now;
    lanes.reconsider(*lanes.find(LaneId{lane}), now);
  }
  bool squeezed(std::int64_t lane) { return lanes.find(LaneId{lane})->window.squeezed(); }
};

}  // namespace

TEST_CASE("a windowful of failures closes the lane, and a trial at a time opens it again") {
  Failing f(1);
  f.fail_all();
  CHECK(f.squeezed(1));
  CHECK(f.lanes.find(LaneId{1})->opens_at == f.now + LaneWindow::kBackOffMin);
  CHECK(f.start_all().empty());
  f.reopen(1);
  const auto trial = f.start_all();
  REQUIRE(trial.size() == 1);
  f.fail(trial[0]);
  CHECK(f.lanes.find(LaneId{1})->opens_at == f.now + 2 * LaneWindow::kBackOffMin);
  f.reopen(1);
  f.succeed(f.start_all().at(0));
  CHECK_FALSE(f.squeezed(1));
  CHECK(f.start_all().size() == 2);
}

TEST_CASE("what was on its way when the lane was squeezed has no further say") {
  Failing f(1);
  const auto first = f.start_all();
  REQUIRE(first.size() == 4);
  f.succeed(first[0]);
  const auto more = f.start_all();
  for (const std::int64_t id : {first[1], first[2], first[3]}) f.fail(id);
  REQUIRE_FALSE(f.squeezed(1));
  f.change(1, {"http://host1", 1, false});  // a window of one: the next failure squeezes it
  f.fail(more.at(0));
  CHECK(f.squeezed(1));
  CHECK(f.lanes.squeezed_in_flight() == 0);
}

TEST_CASE("squeezed lanes have their share together and take turns in it; others are not held up") {
  Failing f(9, 2);
  f.fail_all();
  for (std::int64_t lane = 1; lane <= 9; ++lane) CHECK(f.squeezed(lane));
  f.offer(10, 1'000);
  for (std::int64_t lane = 1; lane <= 9; ++lane) f.reopen(lane);
  auto started = f.start_all();
  CHECK(started.size() == 3);  // the healthy one, and two of nine
  CHECK(f.lanes.squeezed_in_flight() == 2);
  std::set<std::int64_t> tried;
  std::erase(started, 1'000);
  while (!started.empty()) {
    const std::int64_t id = started.back();
    started.pop_back();
    CHECK(tried.insert(id / 100).second);
    f.fail(id);
    for (const std::int64_t next : f.start_all()) started.push_back(next);
    CHECK(f.lanes.squeezed_in_flight() <= 2);
  }
  CHECK(tried.size() == 9);
  CHECK(f.lanes.squeezed_in_flight() == 0);
}

TEST_CASE("the trials of lanes that were squeezed together are spread over a minute, at an even pace") {
  constexpr std::int64_t kLanes = 1'800;
  Failing f(kLanes, kLanes);
  f.fail_all();
  for (std::int64_t lane = 1; lane <= kLanes; ++lane) f.reopen(lane);
  std::int64_t tried = 0;
  for (std::size_t step = 1; step <= TrialShare::kStepsOfRound; ++step) {
    std::int64_t begun = 0;
    while (const std::int64_t id = f.start()) {
      begun += f.squeezed(id / 100) ? 1 : 0;
      f.drop(id);
    }
    REQUIRE(begun == 3);
    tried += begun;
    if (step < TrialShare::kStepsOfRound) CHECK(f.lanes.next_wake() == f.now + TrialShare::kStep);
    f.pass(TrialShare::kStep);
  }
  CHECK(tried == kLanes);
  CHECK(f.start() == 0);
}

TEST_CASE("a lane in line whose merchant is paused, or answers after all, leaves the line to the next") {
  Failing f(4, 1);
  f.fail_all();
  for (std::int64_t lane = 1; lane <= 4; ++lane) f.reopen(lane);
  const auto trial = f.start_all();
  REQUIRE(trial == std::vector<std::int64_t>{104});
  f.change(2, {"http://host2", std::nullopt, true});
  f.fail(104);
  const auto next = f.start_all();
  REQUIRE(next.size() == 1);
  CHECK(next[0] / 100 == 3);
  f.change(3, {"http://elsewhere", std::nullopt, false});  // begins anew there, and its share goes to the next one
  CHECK_FALSE(f.squeezed(3));
  std::set<std::int64_t> lanes_started;
  for (const std::int64_t id : f.start_all()) lanes_started.insert(id / 100);
  CHECK(lanes_started == std::set<std::int64_t>{3, 4});
}

TEST_CASE("a suspect beside what was on its way when the lane was squeezed takes no trial") {
  Failing f(1);
  const auto first = f.start_all();
  REQUIRE(first.size() == 4);
  f.change(1, {"http://host1", 1, false});
  f.fail(first[0]);
  REQUIRE(f.squeezed(1));
  f.lanes.started(*f.lanes.find(LaneId{1}));
  CHECK(f.lanes.squeezed_in_flight() == 0);
}

TEST_CASE(
    "merchants that have not answered yet have one request each, and a share together; one that answers has more") {
  LanesFixture f({.window = 4, .page_rows = 100, .untried_max = 2});
  f.knows_merchants = false;
  for (std::int64_t lane = 1; lane <= 3; ++lane) {
    f.facts[key(lane).merchant] = {"http://host" + std::to_string(lane), std::nullopt, false};
    for (std::int64_t i = 0; i < 6; ++i) f.offer(lane, lane * 100 + i);
  }
  CHECK(f.start() == 100);
  CHECK(f.start() == 200);
  CHECK(f.start() == 0);
  CHECK(f.lanes.untried_in_flight() == 2);
  f.finish(1, 100, Duration(1), std::nullopt, LaneFeedback::kGood);
  std::multiset<std::int64_t> lanes_started;
  while (const std::int64_t id = f.start()) lanes_started.insert(id / 100);
  CHECK(lanes_started == std::multiset<std::int64_t>{1, 1, 1, 1, 3});
  CHECK(f.lanes.untried_in_flight() == 2);
}

TEST_CASE("a lane that is found again stands as the record has it") {
  LanesFixture f({.window = 4, .page_rows = 100, .squeezed_max = 1, .untried_max = 1});
  f.knows_merchants = false;
  std::int64_t lane = 0;
  for (const LaneStanding standing : {LaneStanding::kSqueezed, LaneStanding::kUnknown, LaneStanding::kAnswers}) {
    for (int twice = 0; twice < 2; ++twice) {
      ++lane;
      f.facts[key(lane).merchant] = {"http://host" + std::to_string(lane), std::nullopt, false};
      f.lanes.get(LaneId{lane}, key(lane), standing);
      for (std::int64_t i = 0; i < 6; ++i) f.offer(lane, lane * 100 + i);
    }
  }
  std::multiset<std::int64_t> lanes_started;
  for (int step = 0; step < 3; ++step) {
    while (const std::int64_t id = f.start()) lanes_started.insert(id / 100);
    f.pass(TrialShare::kStep);
  }
  CHECK(lanes_started == std::multiset<std::int64_t>{1, 3, 5, 5, 5, 5, 6, 6, 6, 6});
  CHECK(f.lanes.squeezed_in_flight() == 1);
  CHECK(f.lanes.untried_in_flight() == 1);
}

TEST_CASE("the trials of lanes that were squeezed before a restart are spread like any others") {
  constexpr std::int64_t kLanes = 1'800;
  LanesFixture f({.window = 4, .squeezed_max = kLanes});
  f.knows_merchants = false;
  for (std::int64_t lane = 1; lane <= kLanes; ++lane) {
    f.facts[key(lane).merchant] = {"http://host" + std::to_string(lane), std::nullopt, false};
    f.lanes.get(LaneId{lane}, key(lane), LaneStanding::kSqueezed);
    f.offer(lane, lane * 100);
  }
  std::int64_t tried = 0;
  for (std::size_t step = 1; step <= TrialShare::kStepsOfRound + 1; ++step) {
    std::int64_t begun = 0;
    while (f.start() != 0) ++begun;
    CHECK(begun <= 3);
    tried += begun;
    f.pass(TrialShare::kStep);
  }
  CHECK(tried == kLanes);
}

TEST_CASE("what is heard of a merchant is news once, when it changes") {
  Failing f(1);
  Lane& lane = *f.lanes.find(LaneId{1});
  CHECK_FALSE(lane.take_news());
  auto started = f.start_all();
  REQUIRE(started.size() == 4);
  f.fail(started[0]);
  CHECK_FALSE(lane.take_news());  // one failure is chance
  f.succeed(started[1]);
  CHECK(lane.take_news() == LaneStanding::kAnswers);
  f.succeed(started[2]);
  f.finish(1, started[3], kTook);
  CHECK_FALSE(lane.take_news());
  for (const std::int64_t id : f.start_all()) f.fail(id);
  while (!f.squeezed(1)) {
    for (const std::int64_t id : f.start_all()) f.fail(id);
  }
  CHECK(lane.take_news() == LaneStanding::kSqueezed);
  f.reopen(1);
  f.fail(f.start_all().at(0));
  CHECK_FALSE(lane.take_news());
  f.reopen(1);
  f.succeed(f.start_all().at(0));
  f.change(1, {"http://host1", std::nullopt, false});
  CHECK(lane.take_news() == LaneStanding::kAnswers);
  // The outbox forgets by itself what was heard of another host.
  f.succeed(f.start_all().at(0));
  f.change(1, {"http://elsewhere", std::nullopt, false});
  CHECK(lane.heard == LaneStanding::kUnknown);
  CHECK_FALSE(lane.take_news());
}

TEST_CASE("of those of whom nothing is known the newest goes first, and every sixteenth time the oldest") {
  constexpr std::int64_t kEvery = TrialShare::kOldestEvery;
  TrialShare share(1, TrialShare::Line::kNewestFirst);
  std::map<LaneId, Lane> lanes;
  for (std::int64_t id = 1; id <= 3 * kEvery; ++id) {
    Lane& lane = lanes[LaneId{id}];
    lane.id = LaneId{id};
    share.wait(lane);
  }
  std::vector<std::int64_t> order;
  while (const std::optional<LaneId> next = share.next()) {
    share.leave(lanes.at(*next));
    share.enter_ready();
    share.leave_ready();
    order.push_back(next->value);
  }
  std::vector<std::int64_t> expected;
  for (std::int64_t oldest = 1, newest = 3 * kEvery; expected.size() < lanes.size();) {
    expected.push_back(expected.size() % kEvery == 0 ? oldest++ : newest--);
  }
  CHECK(order == expected);
}

TEST_CASE("a merchant at a host that has answered of late is known") {
  LanesFixture f({.window = 4, .untried_max = 1});
  f.knows_merchants = false;
  f.outage.note("odd", Contact::kReached, kNow);
  for (std::int64_t i = 0; i < 6; ++i) f.offer(1, 100 + i);
  int started = 0;
  while (f.start() != 0) ++started;
  CHECK(started == 4);
}

}  // namespace ackd::test
