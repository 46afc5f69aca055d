#include "text/time_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

#include "text/json_reader.h"

namespace ackd {
namespace {

constexpr std::int64_t kMsPerMinute = 60'000;
constexpr std::int64_t kMsPerDay = 86'400'000;
// What four digits of a year can say: 0000-01-01 up to the last millisecond of 9999.
constexpr std::int64_t kFirstMs = -62'167'219'200'000;
constexpr std::int64_t kLastMs = 253'402'300'799'999;
// From -12:00 to +14:00 in the real world; more is a mistyped offset.
constexpr std::int32_t kOffsetMinutesMax = 14 * 60;

std::string spelled(UtcOffset offset) {
  if (offset.minutes == 0) return "Z";
  const std::int32_t distance = offset.minutes < 0 ? -offset.minutes : offset.minutes;
  return fmt::format("{}{:02}:{:02}", offset.minutes < 0 ? '-' : '+', distance / 60, distance % 60);
}

// One instant, taken apart where people live.
struct LocalTime {
  std::chrono::year_month_day day;
  std::int64_t ms_of_day = 0;
};

LocalTime local_time(std::int64_t unix_ms, UtcOffset offset) {
  const std::int64_t local_ms = std::clamp(unix_ms + offset.minutes * kMsPerMinute, kFirstMs, kLastMs);
  const auto day = std::chrono::floor<std::chrono::days>(std::chrono::sys_time<Duration>(Duration(local_ms)));
  return {std::chrono::year_month_day(day), local_ms - day.time_since_epoch().count() * kMsPerDay};
}

// What stands for %c; empty when the letter is not known.
std::string conversion(char letter, std::int64_t unix_ms, const LocalTime& local, UtcOffset offset) {
  switch (letter) {
    case 'Y': return fmt::format("{:04}", static_cast<int>(local.day.year()));
    case 'm': return fmt::format("{:02}", static_cast<unsigned>(local.day.month()));
    case 'd': return fmt::format("{:02}", static_cast<unsigned>(local.day.day()));
    case 'H': return fmt::format("{:02}", local.ms_of_day / 3'600'000);
    case 'M': return fmt::format("{:02}", local.ms_of_day / kMsPerMinute % 60);
    case 'S': return fmt::format("{:02}", local.ms_of_day / 1'000 % 60);
    case 'L': return fmt::format("{:03}", local.ms_of_day % 1'000);
    case 'z': return spelled(offset);
    case 's': return fmt::format("{}", std::chrono::floor<std::chrono::seconds>(Duration(unix_ms)).count());
    case '%': return "%";
    default: return {};
  }
}

// Reads a text by its format, piece by piece.
class TimeReading {
 public:
  TimeReading(std::string_view text, UtcOffset offset) : rest_(text), offset_minutes_(offset.minutes) {}

  bool take_text(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool take(char letter, bool before_milliseconds) {
    switch (letter) {
      case 'Y': return take_number(4, year_);
      case 'm': return take_number(2, month_);
      case 'd': return take_number(2, day_);
      case 'H': return take_number(2, hour_);
      case 'M': return take_number(2, minute_);
      case 'S': return take_number(2, second_);
      case 'L': return take_number(3, ms_);
      case 's': return take_unix_seconds(before_milliseconds);
      case 'z': return take_offset();
      default: return take_text(letter);
    }
  }

  // Nothing when text is left over, or the numbers are no day and time.
  std::optional<WallTime> finish() const {
    if (!rest_.empty()) return std::nullopt;
    if (counts_seconds_) return WallTime{unix_s_ * 1'000 + ms_};
    const std::chrono::year_month_day day{std::chrono::year(static_cast<int>(year_)),
                                          std::chrono::month(static_cast<unsigned>(month_)),
                                          std::chrono::day(static_cast<unsigned>(day_))};
    if (!day.ok() || hour_ > 23 || minute_ > 59 || second_ > 59) return std::nullopt;
    const std::int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
    const std::int64_t minutes = hour_ * 60 + minute_ - offset_minutes_;
    return WallTime{days * kMsPerDay + minutes * kMsPerMinute + second_ * 1'000 + ms_};
  }

 private:
  bool take_number(std::size_t digits, std::int64_t& out) {
    if (rest_.size() < digits) return false;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + digits, out);
    if (error != std::errc() || end != rest_.data() + digits || out < 0) return false;
    rest_.remove_prefix(digits);
    return true;
  }

  // The one piece without a width of its own: every digit that milliseconds behind it leave.
  bool take_unix_seconds(bool before_milliseconds) {
    std::size_t digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    if (before_milliseconds) digits -= std::min<std::size_t>(digits, 3);
    std::int64_t seconds = 0;
    if (digits == 0 || digits > 12 || !take_number(digits, seconds)) return false;
    unix_s_ = seconds;
    counts_seconds_ = true;
    return true;
  }

  bool take_offset() {
    const std::string_view text = rest_.substr(0, rest_.starts_with('Z') ? 1 : 6);
    const Result<UtcOffset> offset = parse_utc_offset(text);
    if (!offset) return false;
    offset_minutes_ = offset->minutes;
    rest_.remove_prefix(text.size());
    return true;
  }

  std::string_view rest_;
  std::int64_t offset_minutes_;
  std::int64_t year_ = 1970, month_ = 1, day_ = 1, hour_ = 0, minute_ = 0, second_ = 0, ms_ = 0;
  std::int64_t unix_s_ = 0;
  bool counts_seconds_ = false;  // %s: unix_s_ says it all
};

}  // namespace

Result<UtcOffset> parse_utc_offset(std::string_view text) {
  if (text == "Z") return UtcOffset{};
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool shaped = text.size() == 6 && (text[0] == '+' || text[0] == '-') && is_digit(text[1]) &&
                      is_digit(text[2]) && text[3] == ':' && is_digit(text[4]) && is_digit(text[5]);
  const auto number = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  const std::int32_t minutes = shaped ? number(1) * 60 + number(4) : 0;
  if (!shaped || number(4) > 59 || minutes > kOffsetMinutesMax) {
    return invalid(
        fmt::format("'{}' is not a distance from UTC; write Z, or hours and minutes such as +08:00, at most 14:00",
                    shortened(text)));
  }
  return UtcOffset{text[0] == '-' ? -minutes : minutes};
}

std::string format_time(WallTime at, std::string_view format, UtcOffset offset) {
  const std::int64_t unix_ms = std::clamp(at.ms, kFirstMs, kLastMs);
  const LocalTime local = local_time(unix_ms, offset);
  std::string out;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      out.push_back(format[i]);
    } else {
      out += conversion(format[++i], unix_ms, local, offset);
    }
  }
  return out;
}

Status check_time_format(std::string_view format) {
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    ++i;
    if (i == format.size() || conversion(format[i], 0, {}, {}).empty()) {
      return invalid(fmt::format("'{}' is not known in a time; write %Y %m %d %H %M %S %L %z %s or %% for a %",
                                 shortened(format.substr(i - 1, 2))));
    }
  }
  return Done{};
}

Result<WallTime> parse_time(std::string_view text, std::string_view format, UtcOffset offset) {
  TimeReading reading(text, offset);
  bool fits = true;
  for (std::size_t i = 0; fits && i < format.size(); ++i) {
    const bool is_conversion = format[i] == '%' && i + 1 < format.size();
    fits = is_conversion ? reading.take(format[i + 1], format.substr(i + 2).starts_with("%L"))
                         : reading.take_text(format[i]);
    if (is_conversion) ++i;
  }
  const std::optional<WallTime> at = fits ? reading.finish() : std::nullopt;
  if (at) return *at;
  return invalid(fmt::format("'{}' is not a time written as {}", shortened(text), format));
}

}  // namespace ackd
