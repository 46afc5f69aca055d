#include "loop/uv_clock.h"

#include <ctime>

#include "base/check.h"

namespace ackd {
namespace {

std::int64_t read_ms(clockid_t clock) {
  timespec at{};
  CHECK_THAT(clock_gettime(clock, &at) == 0, "the kernel lacks a clock that every Linux since 2.6.39 has");
  return static_cast<std::int64_t>(at.tv_sec) * 1'000 + at.tv_nsec / 1'000'000;
}

}  // namespace

Moment UvClock::now() {
  return {WallTime{read_ms(CLOCK_REALTIME)}, BootTime{read_ms(CLOCK_BOOTTIME)}};
}

}  // namespace ackd
