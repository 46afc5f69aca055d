// Lanes that sleep until a time.
#include <doctest/doctest.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "engine/sleepers.h"

namespace ackd::test {

TEST_CASE("of the lanes that are asleep the earliest is first, whoever came and left before") {
  std::mt19937 random(20'260'301);
  std::deque<Lane> lanes(300);
  for (std::size_t i = 0; i < lanes.size(); ++i) lanes[i].id = LaneId{static_cast<std::int64_t>(i)};
  Sleepers sleepers;
  std::set<std::pair<EngineTime, LaneId>> expected;
  std::vector<std::optional<EngineTime>> wakes_at(lanes.size());
  const auto toggle = [&](Lane& lane) {
    std::optional<EngineTime>& asleep_until = wakes_at[static_cast<std::size_t>(lane.id.value)];
    if (asleep_until) {
      sleepers.remove(lane);
      expected.erase({*asleep_until, lane.id});
      asleep_until.reset();
    } else {
      asleep_until = EngineTime{static_cast<std::int64_t>(random() % 50)};
      sleepers.add(lane, *asleep_until);
      expected.insert({*asleep_until, lane.id});
    }
    REQUIRE(sleepers.empty() == expected.empty());
    if (expected.empty()) return;
    REQUIRE(sleepers.first_wake() == expected.begin()->first);
    REQUIRE(sleepers.first().id == expected.begin()->second);
  };
  for (int step = 0; step < 20'000; ++step) toggle(lanes[random() % lanes.size()]);
  while (!expected.empty()) toggle(sleepers.first());
}

}  // namespace ackd::test
