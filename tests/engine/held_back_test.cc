// Lanes while sending is suspended: who is held back, who may try, and how they are let go.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "engine/lanes_fixture.h"

namespace ackd {
namespace {

using test::key;
using test::kNow;
using test::row;

// Each lane has a host of its own, named like its merchant, unless it is told otherwise.
struct Fixture : test::LanesFixture {
  explicit Fixture(LaneLimits limits = {.window = 4, .host_ceiling = 4}) : test::LanesFixture(limits) {
    for (int lane = 1; lane <= 9; ++lane) facts[key(lane).merchant] = {key(lane).merchant, std::nullopt, false};
  }
  void suspend() {
    for (const char* host : {"a", "b", "c", "d"}) outage.note(host, Contact::kFailed, kNow);
    REQUIRE(outage.suspended());
  }
  void resume() {
    for (const char* host : {"a", "b", "c", "d"}) outage.note(host, Contact::kReached, kNow);
    REQUIRE_FALSE(outage.suspended());
    lanes.release(kNow);
  }
  void answer(std::int64_t lane) {
    outage.note(key(lane).merchant, Contact::kReached, kNow);
    lanes.host_answers(lanes.find(LaneId{lane})->host);
  }
  // A row of the lane lies in the outbox, due.
  void note(std::int64_t lane) {
    Lane& found = lanes.get(LaneId{lane}, key(lane), LaneStanding::kUnknown);
    lanes.note_beyond(found, DueClass::kFresh, kNow);
    lanes.reconsider(found, kNow);
  }
  std::vector<std::int64_t> read() {
    std::vector<std::int64_t> lanes_read;
    for (const PageRequest& request : lanes.take_page_requests(10, kNow)) lanes_read.push_back(request.lane.value);
    return lanes_read;
  }
  void page(std::int64_t lane, std::vector<DueNotification> rows) {
    lanes.page_read({LaneId{lane}, DueClass::kFresh, std::move(rows), EngineTime::max()}, [](auto&) { return false; });
    lanes.reconsider(*lanes.find(LaneId{lane}), kNow);
  }
};

using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("while sending is suspended only hosts that answer are sent to") {
  Fixture f;
  f.offer(1, 10);
  f.offer(2, 20);
  f.answer(2);
  f.suspend();
  f.offer(3, 30);
  CHECK(f.start() == 20);
  CHECK(f.start() == 0);
  CHECK(f.lanes.is_held_back(f.lanes.find(LaneId{1})->host));
  CHECK_FALSE(f.lanes.is_held_back(f.lanes.find(LaneId{2})->host));
  f.resume();
  CHECK(f.start() == 10);
  CHECK(f.start() == 30);
}

TEST_CASE("a lane that is held back reads no page, also none that it wanted before") {
  Fixture f;
  f.note(1);
  f.suspend();
  f.note(2);
  CHECK(f.read().empty());
  f.resume();
  CHECK(f.read() == Ids{2, 1});
}

TEST_CASE("a host that is found to answer lets its lanes go, up to its ceiling") {
  Fixture f({.window = 1, .host_ceiling = 2});
  for (int lane = 1; lane <= 3; ++lane) {
    f.facts[key(lane).merchant].origin = "m1";
    f.offer(lane, lane * 10);
  }
  f.suspend();
  CHECK(f.start() == 0);
  CHECK_FALSE(f.lanes.has_released());
  f.answer(1);
  CHECK(f.lanes.has_released());
  f.lanes.release(kNow);
  CHECK(f.start() == 10);
  CHECK(f.start() == 20);
  CHECK(f.start() == 0);
  f.finish(1, 10, Duration(1));
  CHECK(f.start() == 30);
}

TEST_CASE("a trial is one request to one host, and the next one's turn is another host's") {
  Fixture f;
  for (int lane = 1; lane <= 3; ++lane) {
    f.offer(lane, lane * 10);
    f.offer(lane, lane * 10 + 1);
  }
  f.suspend();
  CHECK(f.start() == 0);
  f.lanes.start_trial(HostStanding::kUnknown, kNow);
  CHECK(f.start() == 10);
  CHECK(f.start() == 0);
  CHECK(f.lanes.trials().size() == 1);
  f.lanes.start_trial(HostStanding::kUnknown, kNow);
  CHECK(f.start() == 20);
  f.outage.note("m1", Contact::kFailed, kNow);
  f.finish(1, 10, Duration(1));
  CHECK(f.start() == 0);
  CHECK(f.lanes.trials().size() == 1);
  f.lanes.start_trial(HostStanding::kUnknown, kNow);
  CHECK(f.start() == 30);
  CHECK_FALSE(f.lanes.waits_for_trial(HostStanding::kUnknown));
  CHECK(f.lanes.waits_for_trial(HostStanding::kFailing));
  f.lanes.start_trial(HostStanding::kFailing, kNow);
  CHECK(f.start() == 11);
}

TEST_CASE("lanes that waited for a slot of a host that fails wait for its trials then") {
  Fixture f({.window = 4, .host_ceiling = 1});
  for (int lane = 1; lane <= 3; ++lane) f.facts[key(lane).merchant].origin = "m1";
  for (int lane = 1; lane <= 3; ++lane) f.offer(lane, lane * 10);
  CHECK(f.start() == 10);
  CHECK(f.start() == 0);
  f.suspend();
  f.outage.note("m1", Contact::kFailed, kNow);
  f.finish(1, 10, Duration(1));
  CHECK(f.start() == 0);
  f.lanes.start_trial(HostStanding::kFailing, kNow);
  CHECK(f.start() == 20);
  f.finish(2, 20, Duration(1));
  f.lanes.start_trial(HostStanding::kFailing, kNow);
  CHECK(f.start() == 30);
  f.finish(3, 30, Duration(1));
  CHECK(f.lanes.size() == 0);
  CHECK(f.lanes.trials().empty());
}

TEST_CASE("a trial whose rows must be read first is under way; one that comes to nothing ends") {
  Fixture f;
  f.suspend();
  f.note(1);
  f.lanes.start_trial(HostStanding::kUnknown, kNow);
  CHECK_FALSE(f.lanes.has_idle_trial(kNow));
  CHECK(f.read() == Ids{1});
  CHECK_FALSE(f.lanes.has_idle_trial(kNow));
  SUBCASE("the row is there") {
    f.page(1, {row(1, 10)});
    CHECK_FALSE(f.lanes.has_idle_trial(kNow));
    CHECK(f.start() == 10);
    CHECK_FALSE(f.lanes.has_idle_trial(kNow));
  }
  SUBCASE("the row was cancelled") {
    f.page(1, {});
    CHECK(f.lanes.size() == 0);
    CHECK(f.lanes.trials().empty());
  }
  SUBCASE("its merchant was paused") {
    f.change(1, {"m1", std::nullopt, true});
    CHECK(f.lanes.has_idle_trial(kNow));
    f.lanes.end_idle_trials(kNow);
    CHECK(f.lanes.trials().empty());
  }
  SUBCASE("its merchant moved") {
    f.change(1, {"elsewhere", std::nullopt, false});
    CHECK(f.lanes.trials().empty());
  }
}

TEST_CASE("a host whose trial came to nothing is tried again, by its next lane") {
  Fixture f;
  f.facts["m2"].origin = "m1";
  f.suspend();
  f.note(1);
  f.note(2);
  f.lanes.start_trial(HostStanding::kUnknown, kNow);
  CHECK(f.read() == Ids{1});
  CHECK_FALSE(f.lanes.waits_for_trial(HostStanding::kUnknown));
  f.page(1, {});
  f.lanes.end_idle_trials(kNow);
  CHECK(f.lanes.waits_for_trial(HostStanding::kUnknown));
  f.lanes.start_trial(HostStanding::kUnknown, kNow);
  CHECK(f.read() == Ids{2});
}

TEST_CASE("what happens to a lane that is held back does not lose its host's turn") {
  Fixture f;
  f.offer(1, 10);
  f.offer(2, 20);
  f.suspend();
  CHECK(f.start() == 0);
  f.offer(1, 11);
  f.lanes.start_trial(HostStanding::kUnknown, kNow);
  CHECK(f.start() == 10);
}

TEST_CASE("a lane that is closed or paused while it is held back is let go by nothing") {
  Fixture f;
  f.offer(1, 10);
  f.offer(2, 20);
  f.suspend();
  CHECK(f.start() == 0);
  Lane& lane = *f.lanes.find(LaneId{1});
  f.lanes.close_until(lane, kNow + Duration(1'000));
  f.lanes.reconsider(lane, kNow);
  f.change(2, {"m2", std::nullopt, true});
  CHECK_FALSE(f.lanes.waits_for_trial(HostStanding::kUnknown));
  f.resume();
  CHECK(f.start() == 0);
  f.lanes.wake_due(kNow + Duration(1'000));
  CHECK(f.start() == 10);
}

TEST_CASE("a lane with nothing due sleeps until it has, and is held back then") {
  Fixture f;
  f.suspend();
  Lane& lane = f.lanes.get(LaneId{1}, key(1), LaneStanding::kUnknown);
  f.lanes.note_beyond(lane, DueClass::kRetry, kNow + Duration(500));
  f.lanes.reconsider(lane, kNow);
  CHECK_FALSE(f.lanes.waits_for_trial(HostStanding::kUnknown));
  CHECK(f.lanes.next_wake() == kNow + Duration(500));
  f.lanes.wake_due(kNow + Duration(500));
  CHECK(f.lanes.waits_for_trial(HostStanding::kUnknown));
}

TEST_CASE("a host that answered for a while only is held back again") {
  Fixture f;
  f.facts["m2"].origin = "m1";
  f.suspend();
  f.offer(1, 10);
  f.offer(2, 20);
  f.answer(1);
  f.outage.note("m1", Contact::kFailed, kNow);
  f.lanes.release(kNow);
  CHECK(f.start() == 0);
  CHECK_FALSE(f.lanes.has_released());
  CHECK(f.lanes.waits_for_trial(HostStanding::kFailing));
}

TEST_CASE("a hundred thousand lanes are let go a thousand at a time") {
  Fixture f;
  f.suspend();
  for (std::int64_t id = 1; id <= 100'000; ++id) {
    f.facts[key(id).merchant] = {"m" + std::to_string(id % 1'000), std::nullopt, false};
    f.note(id);
  }
  CHECK(f.read().empty());
  for (const char* host : {"a", "b", "c", "d"}) f.outage.note(host, Contact::kReached, kNow);
  std::size_t read = 0;
  int turns = 0;
  while (f.lanes.has_released()) {
    ++turns;
    f.lanes.release(kNow);
    const std::size_t released = f.lanes.take_page_requests(100'000, kNow).size();
    CHECK(released <= 1'000);
    read += released;
  }
  CHECK(read == 100'000);
  CHECK(turns == 100);
}

TEST_CASE("hosts show what is held back") {
  Fixture f;
  f.suspend();
  f.note(1);
  f.note(2);
  f.answer(2);
  std::vector<HostView> hosts;
  f.lanes.look_at_hosts("", [&](const HostView& host) {
    hosts.push_back(host);
    return true;
  });
  REQUIRE(hosts.size() == 2);
  CHECK(hosts[0].held_back);
  CHECK(hosts[0].waiting == 1);
  CHECK_FALSE(hosts[1].held_back);
}

}  // namespace ackd
