// Strong time types. A duration is a type (milliseconds); an instant belongs to one of three scales that must never be
// compared with each other:
//   WallTime    the system's clock, which people and merchants read and which may be stepped at any moment
//   BootTime    CLOCK_BOOTTIME, which only runs forward, also during suspend
//   EngineTime  what schedules run on: wall time at start plus boot time, slewed slowly (engine/engine_clock.h)
// Each counts milliseconds; WallTime and EngineTime since 1970-01-01 UTC, BootTime since the machine started.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ackd {

using Duration = std::chrono::milliseconds;

template <class Scale>
struct Instant {
  std::int64_t ms = 0;

  static constexpr Instant max() { return {INT64_MAX}; }
  static constexpr Instant min() { return {INT64_MIN}; }

  friend constexpr auto operator<=>(Instant, Instant) = default;
  // Saturates at max(), so that "never" plus a delay stays "never".
  friend constexpr Instant operator+(Instant at, Duration by) {
    if (by.count() > 0 && at.ms > INT64_MAX - by.count()) return max();
    return {at.ms + by.count()};
  }
  friend constexpr Instant operator-(Instant at, Duration by) { return {at.ms - by.count()}; }
  friend constexpr Duration operator-(Instant later, Instant earlier) { return Duration(later.ms - earlier.ms); }
};

using WallTime = Instant<struct WallScale>;
using BootTime = Instant<struct BootScale>;
using EngineTime = Instant<struct EngineScale>;

// One reading of both clocks, taken together once a turn and then passed down as an argument.
struct Moment {
  WallTime wall;
  BootTime boot;
};

// "2026-03-01T12:00:00.250Z". Years 1970 to 9999; anything outside prints as its limit.
std::string format_rfc3339(std::int64_t unix_ms);

// Takes "2026-03-01T12:00:00Z", fractions down to the millisecond and numeric offsets; returns milliseconds.
Result<std::int64_t> parse_rfc3339(std::string_view text);

// "1h 30m", "12s", "250ms", "0s": the two largest units that say it exactly enough for a person.
std::string format_duration(Duration duration);

// "250ms", "12s", "10m", "2h", "3d"; one number and one unit, no sign. The limit is 3650d.
Result<Duration> parse_duration(std::string_view text);

}  // namespace ackd
