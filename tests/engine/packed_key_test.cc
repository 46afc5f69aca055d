// A lane's key in one piece.
#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "engine/packed_key.h"

namespace ackd::test {

TEST_CASE("a packed key has the parts that it was made of, also when some are empty or hold any bytes") {
  for (const LaneKey& key : {LaneKey{"dhpay", "499800", "https://other.example:8443"}, LaneKey{"dhpay", "499800", ""},
                             LaneKey{"", std::string("a\0b", 3), "\xff"},
                             LaneKey{std::string(kNameBytesMax, 'p'), "", std::string(kUrlBytesMax, 'o')}}) {
    PackedKey packed{key};
    CHECK(packed.view().copy() == key);
    const PackedKey moved = std::move(packed);
    CHECK(moved.view() == key);
  }
  CHECK(PackedKey().view() == LaneKey{});
}

TEST_CASE("keys stand by provider, then merchant, then origin, whatever bytes follow in the next part") {
  CHECK(PackedKey(LaneKey{"a", "z", "z"}).view() < PackedKey(LaneKey{"ab", "", ""}).view());
  CHECK(PackedKey(LaneKey{"a", "1", "z"}).view() < PackedKey(LaneKey{"a", "12", ""}).view());
  CHECK(PackedKey(LaneKey{"a", "1", ""}).view() < PackedKey(LaneKey{"a", "1", "o"}).view());
}

}  // namespace ackd::test
