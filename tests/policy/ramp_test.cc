#include "policy/ramp.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

constexpr EngineTime kNow{1'772'366'400'000};

}  // namespace

TEST_CASE("without a ramp everything may be in flight, and nobody is woken") {
  const Ramp ramp(1'024);
  CHECK(ramp.limit(kNow) == 1'024);
  CHECK_FALSE(ramp.rising(kNow));
  CHECK_FALSE(ramp.next_step(kNow));
}

TEST_CASE("a ramp begins with eight more than is in flight and rises by a sixteenth of all every second") {
  Ramp ramp(1'024);
  ramp.start(0, kNow);
  CHECK(ramp.limit(kNow) == 8);
  CHECK(ramp.limit(kNow + Duration(999)) == 8);
  CHECK(ramp.limit(kNow + Duration(1'000)) == 72);
  CHECK(ramp.limit(kNow + Duration(15'999)) == 968);
  CHECK(ramp.rising(kNow + Duration(15'999)));
  CHECK(ramp.limit(kNow + Duration(16'000)) == 1'024);
  CHECK_FALSE(ramp.rising(kNow + Duration(16'000)));
  ramp.start(100, kNow);
  CHECK(ramp.limit(kNow) == 108);
  CHECK(ramp.limit(kNow + Duration(1'000)) == 172);
}

TEST_CASE("at no second of a ramp that is used up has more than twice the mean arrived in the last one") {
  for (const std::size_t most : {8u, 100u, 1'024u, 65'536u}) {
    Ramp ramp(most);
    ramp.start(0, kNow);
    std::size_t sum = 0;
    for (std::size_t second = 0; second < 30; ++second) {
      const std::size_t limit = ramp.limit(kNow + Ramp::kStep * second);
      sum += limit;
      CHECK(limit * (second + 1) <= 2 * sum);
    }
    CHECK_FALSE(ramp.rising(kNow + Ramp::kStep * 30));
  }
}

TEST_CASE("a ramp wakes at each of its steps, and no more at its end") {
  Ramp ramp(20);
  ramp.start(0, kNow);
  CHECK(ramp.next_step(kNow) == kNow + Duration(1'000));
  CHECK(ramp.next_step(kNow + Duration(1'000)) == kNow + Duration(2'000));
  CHECK_FALSE(ramp.next_step(kNow + Duration(2'000)));
  ramp.start(0, kNow);
  ramp.stop();
  CHECK_FALSE(ramp.next_step(kNow));
}

TEST_CASE("a ramp ends also where its number of steps does, and below its first step there is none") {
  Ramp tiny(3);
  tiny.start(0, kNow);
  CHECK(tiny.limit(kNow) == 3);
  CHECK_FALSE(tiny.rising(kNow));
  Ramp old(65'536);
  old.start(5, kNow);
  CHECK(old.limit(EngineTime::max()) == 65'536);
}

}  // namespace ackd
