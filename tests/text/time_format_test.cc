#include "text/time_format.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

constexpr std::string_view kAll = "%Y-%m-%dT%H:%M:%S.%L%z";

std::string formatted(std::string_view rfc3339, std::string_view format, std::string_view offset = "Z") {
  return format_time({*parse_rfc3339(rfc3339)}, format, *parse_utc_offset(offset));
}

TEST_CASE("times come out as protocols write them") {
  CHECK(formatted("2025-01-01T04:01:30Z", "%Y%m%d%H%M%S", "+08:00") == "20250101120130");
  CHECK(formatted("2025-01-01T04:01:30Z", "%Y-%m-%d %H:%M:%S", "+08:00") == "2025-01-01 12:01:30");
  CHECK(formatted("2025-01-01T04:01:30Z", "%Y-%m-%dT%H:%M:%S%z", "+08:00") == "2025-01-01T12:01:30+08:00");
  CHECK(formatted("2025-01-01T04:01:30.007Z", "%s %L") == "1735704090 007");
  CHECK(formatted("2025-01-01T04:01:30Z", "100%% at %H o'clock, 单") == "100% at 04 o'clock, 单");
  CHECK(formatted("2025-01-01T04:01:30Z", "").empty());
}

TEST_CASE("calendars, offsets and the ends of time") {
  struct Row {
    const char* utc;
    const char* offset;
    const char* local;
  };
  const Row rows[] = {
      {"2024-02-28T23:59:59.999Z", "Z", "2024-02-28T23:59:59.999Z"},
      {"2024-02-28T23:59:59.999Z", "+00:01", "2024-02-29T00:00:59.999+00:01"},
      {"2023-02-28T20:00:00Z", "+08:00", "2023-03-01T04:00:00.000+08:00"},
      {"2000-02-29T12:00:00Z", "-05:30", "2000-02-29T06:30:00.000-05:30"},
      {"2100-02-28T23:00:00Z", "+08:00", "2100-03-01T07:00:00.000+08:00"},
      {"1970-01-01T00:00:00Z", "-12:00", "1969-12-31T12:00:00.000-12:00"},
      {"2025-01-01T00:00:00Z", "-00:30", "2024-12-31T23:30:00.000-00:30"},
      {"9999-12-31T23:59:59.999Z", "Z", "9999-12-31T23:59:59.999Z"},
      {"9999-12-31T23:59:59.999Z", "-14:00", "9999-12-31T09:59:59.999-14:00"},
      {"9999-12-31T23:59:59.999Z", "+08:00", "9999-12-31T23:59:59.999+08:00"},
      {"2025-06-30T12:34:56.789Z", "+14:00", "2025-07-01T02:34:56.789+14:00"},
  };
  for (const Row& row : rows) CHECK(formatted(row.utc, kAll, row.offset) == row.local);
  CHECK(format_time({-1}, kAll, {}) == "1969-12-31T23:59:59.999Z");
  CHECK(format_time({-1}, "%s", {}) == "-1");
  CHECK(format_time(WallTime::max(), kAll, {}) == "9999-12-31T23:59:59.999Z");
  CHECK(format_time(WallTime::min(), kAll, *parse_utc_offset("-14:00")) == "0000-01-01T00:00:00.000-14:00");
}

TEST_CASE("a formatted time is the instant it was made of, in every zone") {
  for (std::int64_t ms = 0; ms < 253'402'300'800'000 - 100'000'000; ms += 987'654'321'987) {
    for (const char* offset : {"Z", "+08:00", "-03:30", "+14:00"}) {
      const std::string text = format_time({ms}, kAll, *parse_utc_offset(offset));
      if (text.starts_with("1969")) continue;  // the reader starts in 1970
      CHECK_MESSAGE(*parse_rfc3339(text) == ms, text);
    }
  }
}

TEST_CASE("offsets from UTC are strict") {
  CHECK(parse_utc_offset("Z")->minutes == 0);
  CHECK(parse_utc_offset("+08:00")->minutes == 480);
  CHECK(parse_utc_offset("-05:30")->minutes == -330);
  for (const char* bad :
       {"", "z", "+8:00", "+0800", "08:00", "+08:60", "+14:01", "+80:00", "UTC", "+08:00 ", "Asia/X"}) {
    CHECK_FALSE_MESSAGE(parse_utc_offset(bad), bad);
  }
}

TEST_CASE("an unknown conversion is refused with the ones there are") {
  CHECK(check_time_format("%Y%m%d%H%M%S%L%z%s%% text"));
  CHECK(check_time_format(""));
  CHECK(check_time_format("%y").error().message ==
        "'%y' is not known in a time; write %Y %m %d %H %M %S %L %z %s or %% for a %");
  for (const char* bad : {"%", "%Y%", "%%%", "%T", "% Y"}) CHECK_FALSE_MESSAGE(check_time_format(bad), bad);
}

}  // namespace
}  // namespace ackd
