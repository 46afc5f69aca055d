#include "text/pattern.h"

#include <doctest/doctest.h>

#include <utility>

namespace ackd {
namespace {

Pattern pattern(std::string_view text) {
  Result<Pattern> parsed = Pattern::parse(text);
  REQUIRE_MESSAGE(parsed.ok(), text);
  return *std::move(parsed);
}

TEST_CASE("the whole text must match") {
  const Pattern order = pattern("[0-9A-Za-z-]+");
  CHECK(order.matches("20250101-1"));
  CHECK_FALSE(order.matches(""));
  CHECK_FALSE(order.matches("20250101-1 "));
  CHECK_FALSE(order.matches("20250101-1\n"));
  CHECK_FALSE(order.matches("a\nb"));
  CHECK(pattern("a|bc").matches("bc"));
  CHECK_FALSE(pattern("a|bc").matches("ac"));
  CHECK(order.text() == "[0-9A-Za-z-]+");
}

TEST_CASE("patterns count characters, not bytes") {
  CHECK(pattern(".{2}").matches("订单"));
  CHECK_FALSE(pattern(".{2}").matches("订"));
  CHECK(pattern("\\p{Han}+").matches("订单"));
  CHECK_FALSE(pattern(".*").matches("\xFF"));
}

TEST_CASE("a pattern that is wrong, long or large is refused with a reason") {
  CHECK(Pattern::parse("[a").error().message.find("'[a' is not a pattern: missing ]") == 0);
  CHECK_FALSE(Pattern::parse("(?=a)b"));
  CHECK_FALSE(Pattern::parse("(a)\\1"));
  CHECK_FALSE(Pattern::parse("\xFF"));
  CHECK_FALSE(Pattern::parse("((a{100}){100}){100}"));
  CHECK_FALSE(Pattern::parse("\\p{L}{100}"));  // 120,000 instructions
  CHECK(Pattern::parse("\\p{Han}{64}"));
  CHECK_FALSE(Pattern::parse(std::string(499, '(')));
  CHECK(Pattern::parse(std::string(500, 'a')));
  CHECK(Pattern::parse(std::string(501, 'a')).error().message == "the pattern has 501 bytes; the limit is 500");
}

TEST_CASE("a pattern that drives backtracking matchers mad is answered at once") {
  CHECK_FALSE(pattern("(a*)*(a*)*(a|aa)+b").matches(std::string(100'000, 'a')));
}

TEST_CASE("copies match as their original does and outlive it") {
  Pattern copy = pattern("x");
  {
    const Pattern original = pattern("[0-9]{3}");
    copy = original;
    CHECK(original.matches("123"));
  }
  CHECK(copy.matches("123"));
  Pattern second(copy);
  Pattern moved = std::move(copy);
  copy = moved;
  CHECK(moved.matches("456"));
  CHECK(second.matches("789"));
  CHECK(copy.text() == "[0-9]{3}");
}

}  // namespace
}  // namespace ackd
