#include "base/time.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace ackd {
namespace {

using Days = std::chrono::sys_days;

constexpr std::int64_t kMsPerDay = 86'400'000;
constexpr std::int64_t kYear10000Ms = 253'402'300'800'000;
constexpr Duration kDurationMax = std::chrono::hours(24 * 3650);

struct Unit {
  std::string_view name;
  std::int64_t ms;
};
constexpr std::array<Unit, 5> kUnits{{{"d", kMsPerDay}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

// Reads exactly `width` digits off the front of `text`.
bool take_number(std::string_view& text, std::size_t width, int& out) {
  if (text.size() < width) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + width, out);
  if (error != std::errc{} || end != text.data() + width || out < 0) return false;
  text.remove_prefix(width);
  return true;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// ".25" is 250 ms; digits beyond the third are dropped.
bool take_fraction(std::string_view& text, int& ms) {
  ms = 0;
  if (!take(text, '.')) return true;
  int weight = 100;
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    ms += weight * (text[digits] - '0');
    weight /= 10;
    ++digits;
  }
  text.remove_prefix(digits);
  return digits > 0;
}

bool take_offset(std::string_view& text, int& minutes) {
  minutes = 0;
  if (take(text, 'Z') || take(text, 'z')) return true;
  const int sign = take(text, '-') ? -1 : (take(text, '+') ? 1 : 0);
  int hour = 0;
  int minute = 0;
  if (sign == 0 || !take_number(text, 2, hour) || !take(text, ':') || !take_number(text, 2, minute)) return false;
  minutes = sign * (hour * 60 + minute);
  return hour < 24 && minute < 60;
}

}  // namespace

std::string format_rfc3339(std::int64_t unix_ms) {
  const std::int64_t ms = std::clamp<std::int64_t>(unix_ms, 0, kYear10000Ms - 1);
  const std::chrono::year_month_day day{Days{std::chrono::days{ms / kMsPerDay}}};
  const std::int64_t rest = ms % kMsPerDay;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(day.year()),
                     static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()), rest / 3'600'000,
                     rest / 60'000 % 60, rest / 1'000 % 60, rest % 1'000);
}

Result<std::int64_t> parse_rfc3339(std::string_view text) {
  const Error bad = invalid(fmt::format("'{}' is not an RFC 3339 time such as 2026-03-01T12:00:00Z", text));
  int year = 0;
  int month = 0;
  int day = 0;
  if (!take_number(text, 4, year) || !take(text, '-') || !take_number(text, 2, month) || !take(text, '-') ||
      !take_number(text, 2, day) || (!take(text, 'T') && !take(text, 't'))) {
    return bad;
  }
  int hour = 0;
  int minute = 0;
  int second = 0;
  int ms = 0;
  int offset_minutes = 0;
  if (!take_number(text, 2, hour) || !take(text, ':') || !take_number(text, 2, minute) || !take(text, ':') ||
      !take_number(text, 2, second) || !take_fraction(text, ms) || !take_offset(text, offset_minutes) ||
      !text.empty()) {
    return bad;
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || year < 1970 || hour > 23 || minute > 59 || second > 59) return bad;
  const std::int64_t days = Days(date).time_since_epoch().count();
  const std::int64_t at = days * kMsPerDay + (hour * 60 + minute - offset_minutes) * 60'000LL + second * 1'000LL + ms;
  // An offset may lead out of the years that format_rfc3339() can print.
  return at < 0 || at >= kYear10000Ms ? bad : Result<std::int64_t>(at);
}

std::string format_duration(Duration duration) {
  std::int64_t rest = duration.count();
  if (rest < 0) return "-" + format_duration(-duration);
  std::string out;
  int shown = 0;
  for (const Unit& unit : kUnits) {
    if (rest < unit.ms || shown == 2) continue;
    out += fmt::format("{}{}{}", out.empty() ? "" : " ", rest / unit.ms, unit.name);
    rest %= unit.ms;
    ++shown;
  }
  return out.empty() ? "0s" : out;
}

Result<Duration> parse_duration(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const auto found = std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& u) { return u.name == unit; });
  if (error != std::errc{} || number < 0 || found == kUnits.end()) {
    return invalid(fmt::format("'{}' is not a duration: write a number and ms, s, m, h or d, such as 90s or 2h", text));
  }
  if (number > kDurationMax.count() / found->ms) {
    return invalid(fmt::format("'{}' is too long: the limit is 3650d", text));
  }
  return Duration(number * found->ms);
}

}  // namespace ackd
