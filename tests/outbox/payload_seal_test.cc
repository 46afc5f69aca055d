#include "outbox/payload_seal.h"

#include <doctest/doctest.h>

#include <string>

namespace ackd {
namespace {

const std::string kContent(
    "\x01\x01\x07orderid\x02"
    "42\0 and \xff",
    20);
const Payload kPayload{{7}, {3}, "order-42/paid", "", kContent};

TEST_CASE("a seal is what it was, for ever") {
  CHECK(payload_seal(kPayload) == 3998260275152525920);
  CHECK(matches_seal(kPayload, payload_seal(kPayload)));
  CHECK(matches_seal(kPayload, 2668109166961057920));  // of single bytes, as the first rows had it
  CHECK(matches_seal(kPayload, 0));
  CHECK_FALSE(matches_seal(kPayload, payload_seal(kPayload) + 1));
}

TEST_CASE("every change of a single byte breaks the seal") {
  const std::int64_t seal = payload_seal(kPayload);
  for (std::size_t at = 0; at < kContent.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = kContent;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      CHECK_FALSE(matches_seal({kPayload.lane, kPayload.revision, kPayload.subject, kPayload.url, changed}, seal));
    }
  }
}

TEST_CASE("a seal tells what belongs to which part") {
  const std::int64_t seal = payload_seal(kPayload);
  CHECK(payload_seal({{3}, {7}, "order-42/paid", "", kContent}) != seal);
  CHECK(payload_seal({{7}, {3}, "", "order-42/paid", kContent}) != seal);
  CHECK(payload_seal({{7}, {3}, "order-42/pai", "d", kContent}) != seal);
  CHECK(payload_seal({{7}, {3}, std::string("order-42/paid\0", 14), "", kContent}) != seal);
}

}  // namespace
}  // namespace ackd
