#include "policy/rate_limit.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

constexpr EngineTime kStart{1'772'366'400'000};

TEST_CASE("a rate limit neither saves up more than its burst nor minds time that stands still") {
  RateLimit limit(Rate{10, 5});
  EngineTime now = kStart;
  CHECK(limit.wait(now) == Duration(0));
  limit.take(5, now);
  CHECK(limit.wait(now) == Duration(100));
  now.ms += 3'600'000;
  limit.take(5, now);
  CHECK(limit.wait(now) > Duration(0));
  RateLimit none(Rate{});
  none.take(1'000'000, now);
  CHECK(none.wait(now) == Duration(0));
  CHECK(none.full(now));
}

TEST_CASE("time that seems to run back gives nothing, and not twice what comes after it") {
  RateLimit limit(Rate{10, 5});
  limit.take(5, kStart);
  CHECK(limit.wait(kStart - Duration(50)) == Duration(100));
  CHECK(limit.wait(kStart + Duration(50)) == Duration(50));
  CHECK(limit.wait(kStart) == Duration(50));
  CHECK(limit.wait(kStart + Duration(50)) == Duration(50));
}

TEST_CASE("what it says is exact: a millisecond earlier there is nothing, and nothing is lost by rounding") {
  for (const std::size_t per_second : {1u, 3u, 7u, 999u, 1'000u, 3'001u}) {
    CAPTURE(per_second);
    RateLimit limit(Rate{per_second, 1});
    EngineTime now = kStart;
    std::int64_t passed = 0;
    limit.take(1, now);
    while (now < kStart + std::chrono::seconds(20)) {
      const Duration wait = limit.wait(now);
      if (wait.count() > 1) CHECK(limit.wait(now + wait - Duration(1)) == Duration(1));
      now = now + wait;
      CHECK(limit.wait(now) == Duration(0));
      limit.take(1, now);
      ++passed;
      // A millisecond is the smallest step: a bucket of one lets at most one pass in each.
      if (per_second > 1'000) now = now + Duration(1);
    }
    CHECK(passed <= 20 * static_cast<std::int64_t>(per_second) + 1);
    if (per_second <= 7) CHECK(passed >= 20 * static_cast<std::int64_t>(per_second) * 99 / 100);
  }
}

TEST_CASE("several are waited for together, and more than it ever holds for ever") {
  RateLimit limit(Rate{10, 3});
  limit.take(3, kStart);
  CHECK(limit.wait(kStart, 1) == Duration(100));
  CHECK(limit.wait(kStart, 3) == Duration(300));
  CHECK(limit.wait(kStart, 4) == Duration::max());
  CHECK(limit.wait_until_full(kStart) == Duration(300));
}

TEST_CASE("what is given back makes the bucket no larger") {
  RateLimit limit(Rate{10, 3});
  limit.take(1, kStart);
  limit.give_back(1);
  limit.give_back(1);
  CHECK(limit.wait(kStart, 3) == Duration(0));
  limit.take(3, kStart);
  CHECK(limit.wait(kStart) == Duration(100));
}

TEST_CASE("a changed rate keeps what is in the bucket, and gives no new burst") {
  RateLimit limit(Rate{10, 3});
  limit.take(3, kStart);
  limit.change(Rate{20, 100}, kStart + Duration(50));
  CHECK(limit.wait(kStart + Duration(50)) == Duration(25));
  limit.change(Rate{20, 1}, kStart + std::chrono::hours(1));
  CHECK(limit.wait(kStart + std::chrono::hours(1), 1) == Duration(0));
  CHECK(limit.wait(kStart + std::chrono::hours(1), 2) == Duration::max());
}

}  // namespace
}  // namespace ackd
