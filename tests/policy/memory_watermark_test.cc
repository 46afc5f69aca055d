#include "policy/memory_watermark.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

TEST_CASE("it is over above the limit, and again under it only when a sixteenth is free") {
  MemoryWatermark watermark;
  const auto observe = [&](std::uint64_t bytes) { return watermark.observe({bytes, 1'600}); };
  CHECK_FALSE(observe(1'600));
  CHECK_FALSE(watermark.is_over());
  CHECK(observe(1'601));
  CHECK(watermark.is_over());
  CHECK_FALSE(observe(1'501));
  CHECK(watermark.is_over());
  CHECK(observe(1'500));
  CHECK_FALSE(watermark.is_over());
  CHECK_FALSE(observe(1'600));
}

TEST_CASE("without a limit it is never over") {
  MemoryWatermark watermark;
  CHECK_FALSE(watermark.observe({UINT64_MAX, 0}));
  CHECK_FALSE(watermark.is_over());
}

TEST_CASE("the sentence names both numbers and the setting") {
  CHECK(describe({412u << 20, 400u << 20}) == "ackd uses 412 MiB of memory, and ingest.memory_max is 400 MiB");
}

}  // namespace
}  // namespace ackd
