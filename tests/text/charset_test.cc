#include "text/charset.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

TEST_CASE("well-formed UTF-8 is accepted, everything else refused") {
  for (const char* good : {"", "abc", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                           "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "订单1462"}) {
    CHECK_MESSAGE(is_valid_utf8(good), good);
  }
  for (const char* bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2 ", "\xE0\x9F\xBF", "\xE4\xBD", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF0\x9F\x98", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "a\xE4\xBD b"}) {
    CHECK_FALSE(is_valid_utf8(bad));
  }
}

TEST_CASE("ISO-8859-1 maps what it has and puts one question mark for each other character") {
  const auto latin1 = [](std::string_view text) {
    return *from_utf8(text, Charset::kIso88591, Unmappable::kQuestionMark);
  };
  CHECK(latin1("abc") == "abc");
  CHECK(latin1("\xC3\xA9") == "\xE9");
  CHECK(latin1("订单1462") == "??1462");
  CHECK(latin1("a\xF0\x9F\x98\x80"
               "b") == "a?b");
  CHECK(latin1("").empty());
}

TEST_CASE("long texts convert whole") {
  std::string text;
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    text += i % 7 == 0 ? "单" : "\xC3\xA9";
    expected += i % 7 == 0 ? "?" : "\xE9";
  }
  CHECK(*from_utf8(text, Charset::kIso88591, Unmappable::kQuestionMark) == expected);
}

TEST_CASE("a character that the charset lacks is named when it is refused") {
  const Result<std::string> refused = from_utf8("x单y", Charset::kIso88591, Unmappable::kRefuse);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "the character '单' does not exist in iso-8859-1");
}

TEST_CASE("bytes that are not UTF-8 are refused whatever the target") {
  CHECK_FALSE(from_utf8("\xFF", Charset::kUtf8, Unmappable::kQuestionMark));
  CHECK_FALSE(from_utf8("\xFF", Charset::kIso88591, Unmappable::kQuestionMark));
}

TEST_CASE("charset names are the profiles' own spelling") {
  CHECK(parse_charset("utf-8") == Charset::kUtf8);
  CHECK(parse_charset("iso-8859-1") == Charset::kIso88591);
  CHECK_FALSE(parse_charset("UTF8"));
  CHECK(std::string(name_of(Charset::kIso88591)) == "iso-8859-1");
}

}  // namespace
}  // namespace ackd
