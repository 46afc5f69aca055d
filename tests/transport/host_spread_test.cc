#include "transport/host_spread.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <iterator>
#include <map>
#include <vector>

namespace ackd {
namespace {

std::vector<std::size_t> enter_many(HostSpread& spread, std::size_t host, std::size_t count) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < count; ++i) places.push_back(spread.enter(host));
  return places;
}

TEST_CASE("a host with few transfers at once stays in one place") {
  HostSpread spread;
  const std::size_t place = spread.enter(7);
  for (int i = 0; i < 100; ++i) {
    CHECK(spread.enter(7) == place);
    spread.leave(place);
  }
}

TEST_CASE("a host with many is spread evenly, and what ends makes room where it was") {
  HostSpread spread;
  std::map<std::size_t, std::size_t> per_place;
  for (const std::size_t place : enter_many(spread, 7, 4 * HostSpread::kTogether)) ++per_place[place];
  CHECK(per_place.size() == 4);
  for (const auto& [place, count] : per_place) CHECK(count == HostSpread::kTogether);
  const std::size_t third = std::next(per_place.begin(), 2)->first;
  spread.leave(third);
  CHECK(spread.enter(7) == third);
  CHECK(per_place.count(spread.enter(7)) == 0);
}

TEST_CASE("nothing is kept of a host without transfers, and the highest hash wraps around") {
  HostSpread spread;
  const std::size_t highest = ~std::size_t{0};
  const std::vector<std::size_t> places = enter_many(spread, highest, 2 * HostSpread::kTogether);
  CHECK(places.front() == highest);
  CHECK(places.back() == 0);
  for (const std::size_t place : places) spread.leave(place);
  CHECK(spread.size() == 0);
}

}  // namespace
}  // namespace ackd
