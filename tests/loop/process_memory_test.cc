#include "loop/process_memory.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace ackd {
namespace {

TEST_CASE("what the process uses is sampled, at most once in a while") {
  ProcessMemory memory(0);
  const auto before = memory.sample({1'000});
  REQUIRE(before);
  CHECK(*before > 1u << 20);
  const std::string more(64u << 20, 'x');
  CHECK_FALSE(memory.sample({1'249}));
  const auto after = memory.sample({1'250});
  REQUIRE(after);
  CHECK(*after > *before + (60u << 20));
  CHECK(std::count(more.begin(), more.end(), 'x') == 64 << 20);
}

TEST_CASE("over the limit the sample is still told, trimmed or not") {
  ProcessMemory memory(1);
  CHECK(memory.bytes_max() == 1);
  CHECK(memory.sample({0}).value_or(0) > 1);
  CHECK(memory.sample({250}).value_or(0) > 1);
}

TEST_CASE("the process may use some memory, and no more than a machine has") {
  CHECK(memory_allowed() >= 64u << 20);
  CHECK(memory_allowed() < 1ULL << 50);
}

}  // namespace
}  // namespace ackd
