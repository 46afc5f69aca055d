#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "engine/lanes_fixture.h"

namespace ackd {
namespace {

using test::key;
using test::kNow;
using test::row;
using Fixture = test::LanesFixture;

}  // namespace

TEST_CASE("a lane starts no more than its window") {
  Fixture f({.window = 2, .host_ceiling = 10});
  for (std::int64_t id = 1; id <= 5; ++id) f.offer(2, id);
  CHECK(f.start() == 1);
  CHECK(f.start() == 2);
  CHECK(f.start() == 0);
  f.finish(2, 1, Duration(10));
  CHECK(f.start() == 3);
}

TEST_CASE("lanes share the ceiling of their host, and another host is not touched") {
  Fixture f({.window = 10, .host_ceiling = 2});
  f.offer(2, 21);
  f.offer(4, 41);
  f.offer(6, 61);
  f.offer(1, 11);
  std::map<std::int64_t, int> started;
  while (const std::int64_t id = f.start()) ++started[id];
  CHECK(started.size() == 3);
  CHECK(started.contains(11));
  CHECK_FALSE(started.contains(61));
  f.finish(2, 21, Duration(10));
  CHECK(f.start() == 61);
}

TEST_CASE("turns are fair by the time that transfers occupy a slot") {
  // Lane 2's transfers take ten times as long as lane 4's; both have endless work and one slot between them.
  Fixture f({.window = 1, .host_ceiling = 1, .page_rows = 10'000});
  for (std::int64_t i = 0; i < 2'000; ++i) {
    f.offer(2, 10'000 + i);
    f.offer(4, 20'000 + i);
  }
  std::map<std::int64_t, std::int64_t> used_ms;
  for (int i = 0; i < 1'000; ++i) {
    const std::int64_t id = f.start();
    REQUIRE(id != 0);
    const std::int64_t lane = id < 20'000 ? 2 : 4;
    const Duration took(lane == 2 ? 1'000 : 100);
    used_ms[lane] += took.count();
    f.finish(lane, id, took);
  }
  CHECK(used_ms[2] < used_ms[4] * 12 / 10);
  CHECK(used_ms[4] < used_ms[2] * 12 / 10);
}

TEST_CASE("a lane that slept has no claim on the past") {
  Fixture f({.window = 1, .host_ceiling = 1, .page_rows = 10'000});
  for (std::int64_t i = 0; i < 200; ++i) f.offer(2, 100 + i);
  for (int i = 0; i < 100; ++i) f.finish(2, f.start(), Duration(1'000));
  for (std::int64_t i = 0; i < 200; ++i) f.offer(4, 1'000 + i);
  int of_lane_4 = 0;
  for (int i = 0; i < 20; ++i) {
    const std::int64_t id = f.start();
    of_lane_4 += id >= 1'000 ? 1 : 0;
    f.finish(id >= 1'000 ? 4 : 2, id, Duration(1'000));
  }
  CHECK(of_lane_4 >= 8);
  CHECK(of_lane_4 <= 14);
}

TEST_CASE("fresh and retry share a lane three to one, and neither waits for the other to be absent") {
  Fixture f({.window = 100, .host_ceiling = 100});
  for (std::int64_t i = 0; i < 40; ++i) {
    f.offer(2, 100 + i, DueClass::kFresh);
    f.offer(2, 200 + i, DueClass::kRetry);
  }
  int retries = 0;
  for (int i = 0; i < 40; ++i) retries += f.start() >= 200 ? 1 : 0;
  CHECK(retries == 10);
  for (int i = 0; i < 40; ++i) CHECK(f.start() != 0);
}

TEST_CASE("a lane sleeps until shortly before its next row is due, then asks for a page") {
  Fixture f({.read_ahead = Duration(100)});
  Lane& lane = f.lanes.get(LaneId{2}, key(2), LaneStanding::kUnknown);
  f.lanes.note_beyond(lane, DueClass::kRetry, kNow + Duration(500));
  f.lanes.reconsider(lane, kNow);
  CHECK(f.lanes.next_wake() == kNow + Duration(400));
  CHECK(f.lanes.take_page_requests(10, kNow).empty());
  f.pass(Duration(400));
  CHECK_FALSE(f.lanes.starving());  // no commit is hurried for what is not due
  const std::vector<PageRequest> requests = f.lanes.take_page_requests(10, f.now);
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].due_class == DueClass::kRetry);
  CHECK(requests[0].due_by == kNow + Duration(500));
  CHECK_FALSE(f.lanes.next_wake().has_value());
}

TEST_CASE("a row that was read ahead starts when it is due, and not before") {
  Fixture f;
  f.read_ahead(2, {{21, Duration(60)}, {22, Duration(20)}});
  CHECK(f.start() == 0);
  CHECK(f.lanes.next_wake() == kNow + Duration(20));
  f.pass(Duration(19));
  CHECK(f.start() == 0);
  f.pass(Duration(1));
  CHECK(f.start() == 22);
  CHECK(f.start() == 0);
  CHECK(f.lanes.next_wake() == kNow + Duration(60));
  f.pass(Duration(40));
  CHECK(f.start() == 21);
}

TEST_CASE("what is due now does not wait behind what was read ahead") {
  Fixture f;
  f.read_ahead(2, {{21, Duration(50)}});
  f.offer(2, 22, DueClass::kRetry);
  f.offer(2, 23);
  CHECK(f.start() == 23);
  CHECK(f.start() == 22);
  CHECK(f.start() == 0);
  f.pass(Duration(50));
  CHECK(f.start() == 21);
}

TEST_CASE("a lane with a full page of rows that are not due yet wakes when the first of them is") {
  Fixture f({.page_rows = 2});
  f.read_ahead(2, {{21, Duration(30)}, {22, Duration(30)}}, kNow + Duration(40));
  CHECK(f.lanes.take_page_requests(10, f.now).empty());
  CHECK(f.lanes.next_wake() == kNow + Duration(30));
  f.pass(Duration(30));
  CHECK(f.start() == 21);
  CHECK(f.lanes.take_page_requests(10, f.now).size() == 1);
}

TEST_CASE("after a batch that failed a row that was due waits for no read ahead") {
  Fixture f;
  Lane& lane = f.lanes.get(LaneId{2}, key(2), LaneStanding::kUnknown);
  f.lanes.note_beyond(lane, DueClass::kFresh, kNow);
  f.lanes.reconsider(lane, kNow);
  const std::vector<PageRequest> requests = f.lanes.take_page_requests(10, kNow);
  REQUIRE(requests.size() == 1);
  f.lanes.page_failed(requests[0]);
  CHECK(lane.is_due(kNow));
  f.lanes.reconsider(lane, kNow);
  CHECK(f.lanes.starving());
}

TEST_CASE("a closed lane keeps what was read ahead until it opens") {
  Fixture f;
  f.read_ahead(2, {{21, Duration(30)}});
  Lane& lane = *f.lanes.find(LaneId{2});
  f.lanes.close_until(lane, kNow + Duration(1'000));
  f.lanes.reconsider(lane, kNow);
  CHECK(f.lanes.next_wake() == kNow + Duration(1'000));
  f.pass(Duration(999));
  CHECK(f.start() == 0);
  f.pass(Duration(1));
  CHECK(f.start() == 21);
}

TEST_CASE("a page read leaves out what is buffered or away") {
  Fixture f({.window = 1, .page_rows = 8});
  f.offer(2, 1);
  f.offer(2, 2);
  CHECK(f.start() == 1);
  Lane& lane = *f.lanes.find(LaneId{2});
  f.lanes.note_beyond(lane, DueClass::kFresh, kNow);
  f.lanes.reconsider(lane, kNow);
  const std::vector<PageRequest> requests = f.lanes.take_page_requests(10, kNow);
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].excluded == std::vector<NotificationId>{NotificationId{1}, NotificationId{2}});
}

TEST_CASE("a closed lane starts nothing and opens by itself") {
  Fixture f;
  f.offer(2, 1);
  Lane& lane = *f.lanes.find(LaneId{2});
  f.lanes.close_until(lane, kNow + Duration(1'000));
  f.lanes.drop_pages(lane);
  f.lanes.reconsider(lane, kNow);
  CHECK(f.start() == 0);
  CHECK(f.lanes.next_wake() == kNow + Duration(1'000));
  f.lanes.wake_due(kNow + Duration(1'000));
  CHECK_FALSE(f.lanes.take_page_requests(10, kNow + Duration(1'000)).empty());
}

TEST_CASE("a paused lane starts nothing, reads nothing and asks for no wake; resumed, it goes on at once") {
  Fixture f;
  f.offer(2, 1);
  f.offer(2, 2);
  CHECK(f.start() == 1);
  f.change(2, {"even", std::nullopt, true});
  CHECK(f.start() == 0);
  CHECK(f.lanes.page_bytes() == 0);
  f.offer(2, 3);
  f.lanes.note_beyond(*f.lanes.find(LaneId{2}), DueClass::kRetry, kNow + Duration(5));
  f.lanes.reconsider(*f.lanes.find(LaneId{2}), kNow);
  f.lanes.wake_due(kNow + Duration(10));
  CHECK(f.lanes.take_page_requests(10, kNow + Duration(10)).empty());
  CHECK_FALSE(f.lanes.next_wake().has_value());
  f.finish(2, 1, Duration(1));
  CHECK(f.lanes.size() == 1);  // what waits in the outbox is not forgotten
  f.change(2, {"even", std::nullopt, false});
  CHECK(f.lanes.take_page_requests(10, kNow).size() == 2);
}

TEST_CASE("a page that was wanted before a pause is not read after it") {
  Fixture f;
  f.lanes.note_beyond(f.lanes.get(LaneId{2}, key(2), LaneStanding::kUnknown), DueClass::kFresh, kNow);
  f.lanes.reconsider(*f.lanes.find(LaneId{2}), kNow);
  f.change(2, {"even", std::nullopt, true});
  CHECK(f.lanes.take_page_requests(10, kNow).empty());
  f.change(2, {"even", std::nullopt, false});
  CHECK(f.lanes.take_page_requests(10, kNow).size() == 1);
}

TEST_CASE("a lane that moves to another host leaves what is in flight counted at the one before") {
  Fixture f({.window = 10, .host_ceiling = 1});
  f.offer(2, 21);
  f.offer(2, 22);
  f.offer(4, 41);
  CHECK(f.start() == 21);
  CHECK(f.start() == 0);
  const HostIndex even = f.lanes.find(LaneId{2})->host;
  f.change(2, {"elsewhere", std::nullopt, false});
  CHECK(f.start() == 22);
  CHECK(f.start() == 0);  // the first is still on the wire to the host that lane 4 waits for
  f.finish(2, 21, Duration(1), even);
  CHECK(f.start() == 41);
}

TEST_CASE("a lane that was woken for its host's free slot and does not take it passes it on") {
  Fixture f({.window = 10, .host_ceiling = 1});
  f.offer(2, 21);
  f.offer(4, 41);
  f.offer(6, 61);
  CHECK(f.start() == 21);
  CHECK(f.start() == 0);  // both others wait for the host now
  f.finish(2, 21, Duration(1));
  SUBCASE("because its merchant is paused") {
    f.change(4, {"even", std::nullopt, true});
  }
  SUBCASE("because its merchant moves") {
    f.change(4, {"elsewhere", std::nullopt, false});
    CHECK(f.start() == 41);
  }
  SUBCASE("because its rows are taken back") {
    f.lanes.drop_pages(*f.lanes.find(LaneId{4}));
    f.lanes.reconsider(*f.lanes.find(LaneId{4}), kNow);
  }
  CHECK(f.start() == 61);
}

TEST_CASE("a merchant's own window counts, and a changed one at once") {
  Fixture f({.window = 2, .host_ceiling = 10});
  f.facts["m2"] = {"even", 1, false};
  for (std::int64_t id = 1; id <= 4; ++id) f.offer(2, id);
  CHECK(f.start() == 1);
  CHECK(f.start() == 0);
  f.change(2, {"even", 3, false});
  CHECK(f.start() == 0);  // it has yet to show that it bears more than one
  for (std::int64_t id = 1; id <= 2; ++id) {
    f.finish(2, id, Duration(1), std::nullopt, LaneFeedback::kGood);
    CHECK(f.start() == id + 1);
  }
  CHECK(f.start() == 4);
  f.change(2, {"even", 1, false});
  f.finish(2, 3, Duration(1));
  f.offer(2, 5);
  CHECK(f.start() == 0);
}

TEST_CASE("a change touches every lane of its merchant, and nobody else's") {
  Fixture f;
  f.offer(2, 21);
  LaneKey other = key(2);
  other.origin = "https://own.example:443";
  Lane& own = f.lanes.get(LaneId{9}, other, LaneStanding::kUnknown);
  f.lanes.offer(own, row(9, 91));
  f.lanes.reconsider(own, kNow);
  f.offer(4, 41);
  f.change(2, {"even", std::nullopt, true});
  CHECK(f.start() == 41);
  CHECK(f.start() == 0);
  CHECK(f.lanes.find(other)->paused);
  CHECK(f.lanes.find(key(2))->paused);
  CHECK(f.lanes.find({"provider", "nobody", ""}) == nullptr);
}

TEST_CASE("an idle lane is forgotten, and the page budget returns to zero") {
  Fixture f;
  f.offer(2, 1);
  CHECK(f.lanes.page_bytes() > 0);
  CHECK(f.start() == 1);
  CHECK(f.lanes.size() == 1);
  f.finish(2, 1, Duration(1));
  CHECK(f.lanes.size() == 0);
  CHECK(f.lanes.page_bytes() == 0);
}

TEST_CASE("over the page budget a lane still gets a few rows") {
  Fixture f({.window = 4, .page_rows = 64, .page_bytes_max = 1});
  f.offer(2, 1);
  f.offer(4, 2);  // not kept: the budget is used up
  Lane& lane = *f.lanes.find(LaneId{4});
  CHECK(lane.buffered() == 0);
  const std::vector<PageRequest> requests = f.lanes.take_page_requests(10, kNow);
  REQUIRE_FALSE(requests.empty());
  CHECK(requests[0].rows_max < 8);
}

TEST_CASE("a hundred thousand lanes cost no scan: each turn touches only what is due") {
  Fixture f({.read_ahead = Duration(0)});
  for (std::int64_t id = 1; id <= 100'000; ++id) {
    Lane& lane = f.lanes.get(LaneId{id}, key(id), LaneStanding::kUnknown);
    f.lanes.note_beyond(lane, DueClass::kFresh, kNow + Duration(id));
    f.lanes.reconsider(lane, kNow);
  }
  f.lanes.wake_due(kNow + Duration(3));
  CHECK(f.lanes.take_page_requests(10, kNow + Duration(3)).size() == 3);
  CHECK(f.lanes.next_wake() == kNow + Duration(4));
}

// The allocator's next size is 224; a hundred thousand lanes feel it.
TEST_CASE("a lane in the map of lanes takes 192 bytes at most") {
  CHECK(sizeof(void*) + sizeof(std::pair<const LaneId, Lane>) <= 192);
}

TEST_CASE("lanes are looked at by provider, merchant and origin, and only while they have work") {
  Fixture f;
  for (const std::int64_t lane : {3, 1, 2}) f.offer(lane, lane * 10);
  Lane& other = f.lanes.get(LaneId{9}, {"provider", "m2", "https://other.example"}, LaneStanding::kUnknown);
  f.lanes.note_beyond(other, DueClass::kFresh, kNow + Duration(1'000));
  f.lanes.reconsider(other, kNow);
  const auto seen_from = [&](const LaneKey& first) {
    std::vector<std::string> seen;
    f.lanes.look_at(first, [&](const Lane& lane) {
      seen.push_back(std::string(lane.key().merchant).append(lane.key().origin));
      return seen.size() < 3;
    });
    return seen;
  };
  CHECK(seen_from({}) == std::vector<std::string>{"m1", "m2", "m2https://other.example"});
  CHECK(seen_from(key(3)) == std::vector<std::string>{"m3"});
  CHECK(f.lanes.find(key(1)) != nullptr);
  CHECK(f.start() == 10);
  f.finish(1, 10, Duration(1));
  CHECK(f.lanes.find(key(1)) == nullptr);
  CHECK(seen_from({}).front() == "m2");
}

TEST_CASE("a host is forgotten with its last lane, and its place is used again") {
  Fixture f;
  f.offer(2, 20);
  f.offer(4, 40);
  f.offer(1, 10);
  std::map<std::string, std::size_t> lanes_of;
  const auto look = [&] {
    lanes_of.clear();
    f.lanes.look_at_hosts("", [&](const HostView& host) {
      lanes_of[host.origin] = host.lanes;
      return true;
    });
  };
  look();
  CHECK(lanes_of == std::map<std::string, std::size_t>{{"even", 2}, {"odd", 1}});
  CHECK(f.lanes.host_count() == 2);
  for (int i = 0; i < 2; ++i) {
    const std::int64_t id = f.start();
    f.finish(id / 10, id, Duration(1));
  }
  look();
  CHECK(lanes_of.size() == f.lanes.host_count());
  const std::int64_t last = f.start();
  f.finish(last / 10, last, Duration(1));
  CHECK(f.lanes.host_count() == 0);
  f.offer(1, 11);
  CHECK(f.start() == 11);
  look();
  CHECK(lanes_of == std::map<std::string, std::size_t>{{"odd", 1}});
}

}  // namespace ackd
