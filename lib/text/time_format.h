// Times as protocols write them: "20250101120130", "2025-01-01 12:01:30", "2025-01-01T12:01:30+08:00".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace ackd {

// A fixed distance from UTC. Zones with daylight saving are not offered: a protocol that fixes a zone fixes an offset.
struct UtcOffset {
  std::int32_t minutes = 0;
};

// "+08:00", "-05:30", "Z".
Result<UtcOffset> parse_utc_offset(std::string_view text);

// %Y %m %d %H %M %S, %L (milliseconds, three digits), %z (+08:00, or Z for UTC), %s (unix seconds), %% and any other
// text as it is. A pattern with another % is refused by check_time_format.
std::string format_time(WallTime at, std::string_view format, UtcOffset offset);
Status check_time_format(std::string_view format);

// The instant of which format_time() makes `text`, as far as the format tells: what it leaves out is midnight of
// 1970-01-01 in `offset`. Fails when the text has not this format.
Result<WallTime> parse_time(std::string_view text, std::string_view format, UtcOffset offset);

}  // namespace ackd
