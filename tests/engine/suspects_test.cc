#include "engine/suspects.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

constexpr EngineTime kNow{1'000'000};
constexpr NotificationId kOne{1};
constexpr NotificationId kTwo{2};

Suspects two(bool strict) {
  Suspects suspects;
  suspects.add(kTwo, LaneId{1}, strict);
  suspects.add(kOne, LaneId{1}, strict);
  return suspects;
}

}  // namespace

TEST_CASE("survivors of one crash start a second apart, whatever their merchants do") {
  Suspects suspects = two(false);
  CHECK(suspects.candidate(kNow) == kOne);
  suspects.started(kOne, kNow);
  CHECK_FALSE(suspects.candidate(kNow + Duration(999)).has_value());
  CHECK(suspects.candidate(kNow + Duration(1'000)) == kTwo);
}

TEST_CASE("once the first has settled the next starts at once") {
  Suspects suspects = two(false);
  suspects.started(kOne, kNow);
  suspects.remove(kOne);
  CHECK(suspects.candidate(kNow) == kTwo);
}

TEST_CASE("a suspect of two crashes is alone until its outcome is committed") {
  Suspects suspects = two(true);
  const NotificationId first = *suspects.candidate(kNow);
  suspects.started(first, kNow);
  CHECK_FALSE(suspects.candidate(kNow + Duration(3'600'000)).has_value());
  suspects.remove(first);
  CHECK(suspects.candidate(kNow).has_value());
}

TEST_CASE("strict suspects wait behind the others") {
  Suspects suspects;
  suspects.add(kOne, LaneId{1}, true);
  suspects.add(kTwo, LaneId{1}, false);
  CHECK(suspects.candidate(kNow) == kTwo);
}

TEST_CASE("one that was not sent waits for another turn") {
  Suspects suspects = two(false);
  suspects.started(kOne, kNow);
  suspects.returned(kOne);
  CHECK(suspects.size() == 2);
  CHECK(suspects.candidate(kNow) == kTwo);
}

}  // namespace ackd
