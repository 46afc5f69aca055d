#include "policy/gathering.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

constexpr EngineTime kNow{1'000};
constexpr Gathering::Load kBusy{1, Gathering::kInFlightMin, false};

TEST_CASE("outcomes wait for others while many requests are in flight, and not for long") {
  Gathering gathering;
  CHECK(gathering.waits(kBusy, kNow));
  CHECK(gathering.until() == kNow + Gathering::kFor);
  CHECK(gathering.waits({100, 500, false}, kNow + Gathering::kFor - Duration(1)));
  CHECK_FALSE(gathering.waits({100, 500, false}, kNow + Gathering::kFor));
  CHECK_FALSE(gathering.until());
  // The next ones begin anew.
  CHECK(gathering.waits(kBusy, kNow + Gathering::kFor));
  CHECK(gathering.until() == kNow + 2 * Gathering::kFor);
}

TEST_CASE("nothing waits for what is not near, nor when somebody else does, nor when there is enough") {
  for (const Gathering::Load load :
       {Gathering::Load{0, 500, false}, Gathering::Load{1, Gathering::kInFlightMin - 1, false},
        Gathering::Load{1, 500, true}, Gathering::Load{Gathering::kEnough, 500, false}}) {
    Gathering gathering;
    CHECK_FALSE(gathering.waits(load, kNow));
    CHECK(gathering.waits(kBusy, kNow));
    CHECK_FALSE(gathering.waits(load, kNow + Duration(1)));
    CHECK_FALSE(gathering.until());
  }
}

}  // namespace
}  // namespace ackd
