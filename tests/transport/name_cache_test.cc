#include "transport/name_cache.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

NameAnswer found(const char* address) {
  return {NameAnswer::Kind::kFound, {parse_ip(address).value()}, {}};
}

TEST_CASE("an address is known for its TTL, between the floor and the ceiling") {
  NameCache cache;
  cache.put("short", found("1.1.1.1"), 0, 1'000);
  cache.put("exact", found("1.1.1.1"), 60, 1'000);
  cache.put("long", found("1.1.1.1"), INT64_MAX, 1'000);
  CHECK(cache.find("short", 1'000 + NameCache::kTtlMinMs - 1) != nullptr);
  CHECK(cache.find("short", 1'000 + NameCache::kTtlMinMs) == nullptr);
  CHECK(cache.find("exact", 60'999) != nullptr);
  CHECK(cache.find("exact", 61'000) == nullptr);
  CHECK(cache.find("long", 1'000 + NameCache::kTtlMaxMs - 1) != nullptr);
  CHECK(cache.find("long", 1'000 + NameCache::kTtlMaxMs) == nullptr);
  CHECK(cache.find("never", 0) == nullptr);
}

TEST_CASE("a missing name and a failed lookup are remembered for a short while, whatever TTL is given") {
  NameCache cache;
  cache.put("missing", {NameAnswer::Kind::kNotFound, {}, "no"}, 9'999, 0);
  cache.put("failed", {NameAnswer::Kind::kFailed, {}, "no"}, 9'999, 0);
  CHECK(cache.find("missing", NameCache::kNegativeTtlMs - 1) != nullptr);
  CHECK(cache.find("missing", NameCache::kNegativeTtlMs) == nullptr);
  CHECK(cache.find("failed", NameCache::kFailedTtlMs - 1) != nullptr);
  CHECK(cache.find("failed", NameCache::kFailedTtlMs) == nullptr);
}

TEST_CASE("a new answer replaces the old one") {
  NameCache cache;
  cache.put("h", found("1.1.1.1"), 60, 0);
  cache.put("h", found("2.2.2.2"), 60, 0);
  CHECK(to_string(cache.find("h", 1)->addresses[0]) == "2.2.2.2");
}

TEST_CASE("the cache is bounded, and expired entries go first") {
  NameCache cache;
  for (std::size_t i = 0; i < NameCache::kEntriesMax - 1; ++i) cache.put(std::to_string(i), found("1.1.1.1"), 5, 0);
  cache.put("alive", found("1.1.1.1"), 300, 0);
  cache.put("new", found("1.1.1.1"), 300, 10'000);
  CHECK(cache.size() == 2);
  CHECK(cache.find("alive", 10'000) != nullptr);
  for (std::size_t i = 0; i < 2 * NameCache::kEntriesMax; ++i) {
    cache.put(std::to_string(i), found("1.1.1.1"), 300, 10'000);
    REQUIRE(cache.size() <= NameCache::kEntriesMax);
  }
}

}  // namespace
}  // namespace ackd
