#include "base/time.h"

#include <doctest/doctest.h>

namespace ackd {

TEST_CASE("RFC 3339 times are read to the millisecond, with any offset") {
  CHECK(*parse_rfc3339("1970-01-01T00:00:00Z") == 0);
  CHECK(*parse_rfc3339("2026-03-01T12:00:00Z") == 1'772'366'400'000);
  CHECK(*parse_rfc3339("2026-03-01T12:00:00.25Z") == 1'772'366'400'250);
  CHECK(*parse_rfc3339("2026-03-01T12:00:00.2509Z") == 1'772'366'400'250);
  CHECK(*parse_rfc3339("2026-03-01T20:00:00+08:00") == 1'772'366'400'000);
  CHECK(*parse_rfc3339("2026-03-01T06:30:00-05:30") == 1'772'366'400'000);
  CHECK(*parse_rfc3339("2024-02-29t23:59:59z") == 1'709'251'199'000);
}

TEST_CASE("what is not a time is refused") {
  for (const char* text :
       {"", "2026-03-01", "2026-03-01 12:00:00Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-03-01T24:00:00Z", "2026-03-01T12:60:00Z", "2026-03-01T12:00:00", "2026-03-01T12:00:00.Z",
        "2026-03-01T12:00:00+24:00", "2026-03-01T12:00:00Zx", "1969-12-31T23:59:59Z", "+026-03-01T12:00:00Z",
        "20 6-03-01T12:00:00Z", "-026-03-01T12:00:00Z", "1970-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_rfc3339(text).ok());
  }
}

TEST_CASE("a printed time reads back as itself") {
  for (const std::int64_t ms : {0LL, 1LL, 951'782'400'000LL, 1'772'366'400'250LL, 4'102'444'799'999LL}) {
    CHECK(*parse_rfc3339(format_rfc3339(ms)) == ms);
  }
  CHECK(format_rfc3339(1'772'366'400'250) == "2026-03-01T12:00:00.250Z");
  CHECK(format_rfc3339(-5) == "1970-01-01T00:00:00.000Z");
  CHECK(format_rfc3339(INT64_MAX) == "9999-12-31T23:59:59.999Z");
}

TEST_CASE("durations are one number and one unit, within the limit") {
  CHECK(*parse_duration("250ms") == Duration(250));
  CHECK(*parse_duration("12s") == Duration(12'000));
  CHECK(*parse_duration("2h") == Duration(7'200'000));
  CHECK(*parse_duration("3650d") == std::chrono::hours(24 * 3650));
  for (const char* text : {"", "5", "s", "-5s", "5 s", "1h30m", "3651d", "99999999999999999999s", "5S", "1.5s"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text).ok());
  }
}

TEST_CASE("a duration is shown in its two largest units") {
  CHECK(format_duration(Duration(0)) == "0s");
  CHECK(format_duration(Duration(250)) == "250ms");
  CHECK(format_duration(Duration(90'000)) == "1m 30s");
  CHECK(format_duration(Duration(124'920'000)) == "1d 10h");
  CHECK(format_duration(Duration(-1'000)) == "-1s");
}

TEST_CASE("never plus a delay stays never") {
  CHECK(EngineTime::max() + Duration(1) == EngineTime::max());
  CHECK(EngineTime{INT64_MAX - 5} + Duration(10) == EngineTime::max());
}

}  // namespace ackd
