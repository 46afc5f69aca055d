// parse_time(): the reverse of format_time().
#include <doctest/doctest.h>

#include "text/time_format.h"

namespace ackd {
namespace {

TEST_CASE("every format gives back the instant that it was made of, as far as it tells") {
  const UtcOffset east = *parse_utc_offset("+08:00");
  for (const std::int64_t ms :
       {0LL, 1'614'265'330'123LL, 1'735'689'599'999LL, 951'782'400'000LL, 253'402'300'799'999LL}) {
    for (const char* format : {"%s%L", "%Y%m%d%H%M%S%L", "%Y-%m-%dT%H:%M:%S.%L%z", "%L %S %M %H %d %m %Y"}) {
      CAPTURE(ms);
      CAPTURE(format);
      for (const UtcOffset offset : {UtcOffset{}, east, UtcOffset{-330}}) {
        // The last day of 9999 is the next year in the east; format_time() says its limit there.
        if (ms > 253'402'200'000'000 && offset.minutes > 0) continue;
        const auto at = parse_time(format_time(WallTime{ms}, format, offset), format, offset);
        REQUIRE(at);
        CHECK(at->ms == ms);
      }
    }
  }
  CHECK(parse_time("1614265330", "%s", {})->ms == 1'614'265'330'000);
  CHECK(parse_time("20250101", "%Y%m%d", east)->ms == 1'735'660'800'000);
  CHECK(parse_time("at 12:30%", "at %H:%M%%", {})->ms == 45'000'000);
  CHECK(parse_time("2025-01-01T00:00:00+08:00", "%Y-%m-%dT%H:%M:%S%z", {})->ms == 1'735'660'800'000);
}

TEST_CASE("a text of another form is no time") {
  for (const char* text : {"", "2025", "20250132", "20251301", "20250101x", "2025 101", "-2025101", "+2025101"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_time(text, "%Y%m%d", {}));
  }
  CHECK_FALSE(parse_time("", "%s", {}));
  CHECK_FALSE(parse_time("-5", "%s", {}));
  CHECK_FALSE(parse_time("9999999999999999999", "%s", {}));
  CHECK_FALSE(parse_time("123", "%s%L", {}));
  CHECK_FALSE(parse_time("24:00", "%H:%M", {}));
  CHECK_FALSE(parse_time("12:60", "%H:%M", {}));
  CHECK_FALSE(parse_time("2025-01-01 +8", "%Y-%m-%d %z", {}));
}

}  // namespace
}  // namespace ackd
