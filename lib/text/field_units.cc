#include "text/field_units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "text/json_reader.h"

namespace ackd {
namespace {

struct UnitName {
  Unit unit;
  const char* name;
};
constexpr std::array<UnitName, 5> kUnits{{{Unit::kFen, "fen"},
                                          {Unit::kYuan2, "yuan2"},
                                          {Unit::kDigits, "digits"},
                                          {Unit::kDate8, "yyyyMMdd"},
                                          {Unit::kTime14, "yyyyMMddHHmmss"}}};

// The most that every receiver's 64-bit integer holds, with a digit to spare.
constexpr std::size_t kAmountDigitsMax = 18;

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_whole_amount(std::string_view text) {
  return is_digits(text) && text.size() <= kAmountDigitsMax && (text == "0" || text.front() != '0');
}

bool is_yuan2(std::string_view text) {
  const std::size_t point = text.find('.');
  return point != std::string_view::npos && is_whole_amount(text.substr(0, point)) && text.size() - point == 3 &&
         is_digits(text.substr(point + 1));
}

// REQUIRES: `text` is a few digits.
int number(std::string_view text) {
  int out = 0;
  for (const char c : text) out = out * 10 + (c - '0');
  return out;
}

bool is_date8(std::string_view text) {
  if (text.size() != 8 || !is_digits(text) || text.starts_with("0000")) return false;
  const std::chrono::year_month_day day{std::chrono::year(number(text.substr(0, 4))),
                                        std::chrono::month(static_cast<unsigned>(number(text.substr(4, 2)))),
                                        std::chrono::day(static_cast<unsigned>(number(text.substr(6, 2))))};
  return day.ok();
}

bool is_time14(std::string_view text) {
  if (text.size() != 14 || !is_digits(text) || !is_date8(text.substr(0, 8))) return false;
  return number(text.substr(8, 2)) < 24 && number(text.substr(10, 2)) < 60 && number(text.substr(12, 2)) < 60;
}

bool has_unit(std::string_view value, Unit unit) {
  switch (unit) {
    case Unit::kFen: return is_whole_amount(value);
    case Unit::kYuan2: return is_yuan2(value);
    case Unit::kDigits: return is_digits(value);
    case Unit::kDate8: return is_date8(value);
    case Unit::kTime14: break;
  }
  return is_time14(value);
}

// The same amount as it should be written, where the value leaves no doubt: "12" and "12.3" lack zeros. Empty
// otherwise.
std::string meant_yuan2(std::string_view value) {
  for (const char* missing : {".00", "00", "0"}) {
    const std::string completed = std::string(value) + missing;
    if (is_yuan2(completed)) return completed;
  }
  return {};
}

const char* in_words(Unit unit) {
  switch (unit) {
    case Unit::kFen:
      return "an amount in fen: a whole number of at most 18 digits, without sign, decimals or leading zeros";
    case Unit::kYuan2: return "an amount in yuan with exactly two decimals";
    case Unit::kDigits: return "made of digits only";
    case Unit::kDate8: return "a day of the calendar written yyyyMMdd";
    case Unit::kTime14: break;
  }
  return "a time of the calendar written yyyyMMddHHmmss";
}

const char* example_of(Unit unit) {
  switch (unit) {
    case Unit::kFen: return "1234";
    case Unit::kYuan2: return "12.34";
    case Unit::kDigits: return "0042";
    case Unit::kDate8: return "20250131";
    case Unit::kTime14: break;
  }
  return "20250131235959";
}

}  // namespace

std::optional<Unit> parse_unit(std::string_view name) {
  for (const UnitName& known : kUnits) {
    if (name == known.name) return known.unit;
  }
  return std::nullopt;
}

const char* name_of(Unit unit) {
  return kUnits.at(static_cast<std::size_t>(unit)).name;
}

std::string unit_trouble(std::string_view value, Unit unit) {
  if (has_unit(value, unit)) return {};
  const std::string meant = unit == Unit::kYuan2 ? meant_yuan2(value) : std::string();
  const std::string advice = meant.empty() ? fmt::format("such as {}", example_of(unit)) : "write " + meant;
  return fmt::format("'{}' is not {}; {}", shortened(value), in_words(unit), advice);
}

}  // namespace ackd
