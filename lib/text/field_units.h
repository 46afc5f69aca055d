// Units of values: checked, never converted. An amount that would have to be converted is an amount that may be wrong.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ackd {

enum class Unit {
  kFen,     // whole cents: "0", "1234"; no sign, no leading zero, at most 18 digits
  kYuan2,   // exactly two decimals: "12.34", "0.50"; the same whole part
  kDigits,  // one or more decimal digits
  kDate8,   // yyyyMMdd, a day of the calendar
  kTime14,  // yyyyMMddHHmmss, a second of the calendar
};

// The spelling of the profiles: "fen", "yuan2", "digits", "yyyyMMdd", "yyyyMMddHHmmss".
std::optional<Unit> parse_unit(std::string_view name);
const char* name_of(Unit unit);

// Empty when the value has the unit; else what is wrong, for people: "'12.3' is not an amount in yuan with exactly two
// decimals; write 12.30".
std::string unit_trouble(std::string_view value, Unit unit);

}  // namespace ackd
