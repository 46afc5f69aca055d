#include "model/state.h"

#include <doctest/doctest.h>

namespace ackd {

TEST_CASE("a final state never changes, and only a pending one ends by an attempt") {
  for (int from = 0; from < kStateCount; ++from) {
    for (int to = 0; to < kStateCount; ++to) {
      const auto a = static_cast<State>(from);
      const auto b = static_cast<State>(to);
      CAPTURE(name_of(a));
      CAPTURE(name_of(b));
      const bool ends_by_attempt = b == State::kDelivered || b == State::kExhausted;
      CHECK(may_change(a, b) == (!is_final(a) && !(a == State::kHeld && ends_by_attempt)));
    }
  }
}

TEST_CASE("states read back from their names") {
  for (int i = 0; i < kStateCount; ++i) CHECK(parse_state(name_of(static_cast<State>(i))) == static_cast<State>(i));
  CHECK_FALSE(parse_state("Pending").has_value());
}

}  // namespace ackd
