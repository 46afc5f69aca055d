#include "engine/engine_clock.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

constexpr std::int64_t kWall = 1'772'366'400'000;
constexpr std::int64_t kHour = 3'600'000;

Moment moment(std::int64_t wall_ms, std::int64_t boot_ms) {
  return {WallTime{kWall + wall_ms}, BootTime{boot_ms}};
}

}  // namespace

TEST_CASE("engine time starts at wall time and runs with boot time") {
  EngineClock clock(moment(0, 50));
  CHECK(clock.advance(moment(0, 50)).ms == kWall);
  CHECK(clock.advance(moment(1'000, 1'050)).ms == kWall + 1'000);
}

TEST_CASE("a step of the wall clock moves nothing and is reported once") {
  for (const std::int64_t step : {kHour, -kHour, 315'360'000'000}) {
    EngineClock clock(moment(0, 0));
    CHECK(clock.advance(moment(step + 1'000, 1'000)).ms == kWall + 1'000);
    REQUIRE(clock.take_step().has_value());
    CHECK_FALSE(clock.take_step().has_value());
    CHECK(clock.advance(moment(step + 2'000, 2'000)).ms == kWall + 2'000);
    CHECK_FALSE(clock.take_step().has_value());
    CHECK(clock.offset().count() == step);
  }
}

TEST_CASE("a second step is reported again once the first is over") {
  EngineClock clock(moment(0, 0));
  clock.advance(moment(kHour, 1'000));
  CHECK(clock.take_step().has_value());
  clock.advance(moment(2'000, 2'000));
  CHECK_FALSE(clock.take_step().has_value());
  clock.advance(moment(kHour, 3'000));
  CHECK(clock.take_step().has_value());
}

TEST_CASE("a step on top of another is reported too, and drift on top of it is not") {
  EngineClock clock(moment(0, 0));
  clock.advance(moment(-kHour, 1'000));
  REQUIRE(clock.take_step().has_value());
  clock.advance(moment(10 * kHour, 2'000));
  const std::optional<Duration> second = clock.take_step();
  REQUIRE(second.has_value());
  CHECK(second->count() == 10 * kHour - 2'000);
  clock.advance(moment(10 * kHour + 31'000, 3'000));
  CHECK_FALSE(clock.take_step().has_value());
}

TEST_CASE("drift below a step is slewed away slowly in both directions") {
  for (const std::int64_t drift : {5'000, -5'000}) {
    EngineClock clock(moment(0, 0));
    EngineTime last = clock.now();
    std::int64_t boot = 0;
    for (; boot < 20'000'000; boot += 500) {
      const EngineTime now = clock.advance(moment(boot + drift, boot));
      CHECK(now >= last);
      // Never faster or slower than one in two thousand, give or take a millisecond.
      CHECK(std::abs((now - last).count() - (boot == 0 ? 0 : 500)) <= 1);
      last = now;
    }
    CHECK(last.ms == kWall + boot - 500 + drift);
    CHECK(clock.offset().count() == 0);
  }
}

TEST_CASE("adopting a step forward jumps to it") {
  EngineClock clock(moment(0, 0));
  clock.advance(moment(kHour, 1'000));
  clock.adopt();
  CHECK(clock.advance(moment(kHour + 1'000, 2'000)).ms == kWall + kHour + 1'000);
}

TEST_CASE("adopting a step back stands still until the wall clock has caught up") {
  EngineClock clock(moment(0, 0));
  CHECK(clock.advance(moment(10'000 - kHour, 10'000)).ms == kWall + 10'000);
  clock.adopt();
  CHECK(clock.advance(moment(20'000 - kHour, 20'000)).ms == kWall + 10'000);
  CHECK_FALSE(clock.take_step().has_value());
  CHECK(clock.advance(moment(10'000, kHour + 10'000)).ms == kWall + 10'000);
  CHECK(clock.advance(moment(11'000, kHour + 11'000)).ms == kWall + 11'000);
}

}  // namespace ackd
