#include "text/field_units.h"

#include <doctest/doctest.h>

#include <vector>

namespace ackd {
namespace {

struct Row {
  Unit unit;
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

TEST_CASE("each unit takes its own spelling and no other") {
  const Row rows[] = {
      {Unit::kFen,
       {"0", "1", "10", "1234", "999999999999999999"},
       {"", "-1", "+1", "01", "00", "1.0", "1e3", " 1", "1 ", "1,000", "1000000000000000000", "１"}},
      {Unit::kYuan2,
       {"0.00", "0.50", "12.34", "999999999999999999.99"},
       {"", "12", "12.3", "12.345", ".50", "00.50", "-1.00", "+1.00", "1,000.00", "12.3a", "12.", "1.2.3", " 1.00"}},
      {Unit::kDigits, {"0", "007", "123456789012345678901234567890"}, {"", "-1", "1.0", "a", " 1"}},
      {Unit::kDate8,
       {"20250131", "20240229", "20000229", "99991231", "00010101"},
       {"", "20250229", "19000229", "20251301", "20250001", "20250100", "20250431", "2025-1-1", "250131", "202501310",
        "00000101"}},
      {Unit::kTime14,
       {"20250131235959", "20240229000000"},
       {"", "20250131240000", "20250131006000", "20250131000060", "20250229000000", "20250131", "2025013123595",
        "202501312359590", "2025013123595x"}},
  };
  for (const Row& row : rows) {
    for (const std::string& value : row.good) CHECK_MESSAGE(unit_trouble(value, row.unit).empty(), value);
    for (const std::string& value : row.bad) CHECK_FALSE_MESSAGE(unit_trouble(value, row.unit).empty(), value);
  }
}

TEST_CASE("what is wrong is said with what to write instead") {
  CHECK(unit_trouble("12.3", Unit::kYuan2) == "'12.3' is not an amount in yuan with exactly two decimals; write 12.30");
  CHECK(unit_trouble("12", Unit::kYuan2) == "'12' is not an amount in yuan with exactly two decimals; write 12.00");
  CHECK(unit_trouble("12.", Unit::kYuan2) == "'12.' is not an amount in yuan with exactly two decimals; write 12.00");
  CHECK(unit_trouble("1,2", Unit::kYuan2) == "'1,2' is not an amount in yuan with exactly two decimals; such as 12.34");
  CHECK(
      unit_trouble("12.34", Unit::kFen) ==
      "'12.34' is not an amount in fen: a whole number of at most 18 digits, without sign, decimals or leading zeros; "
      "such as 1234");
  CHECK(unit_trouble("20250230", Unit::kDate8) ==
        "'20250230' is not a day of the calendar written yyyyMMdd; such as 20250131");
  CHECK(unit_trouble(std::string(10'000, 'x'), Unit::kDigits).size() < 200);
}

TEST_CASE("unit names are the profiles' own spelling") {
  for (const Unit unit : {Unit::kFen, Unit::kYuan2, Unit::kDigits, Unit::kDate8, Unit::kTime14}) {
    CHECK(parse_unit(name_of(unit)) == unit);
  }
  CHECK(parse_unit("yyyyMMddHHmmss") == Unit::kTime14);
  CHECK_FALSE(parse_unit("yuan"));
  CHECK_FALSE(parse_unit("FEN"));
}

}  // namespace
}  // namespace ackd
