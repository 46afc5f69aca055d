#include "text/charset.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

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
  // Eight bytes are looked at together where they are ASCII.
  for (std::size_t before = 0; before < 20; ++before) {
    for (std::size_t behind = 0; behind < 20; ++behind) {
      const std::string front(before, 'a'), rest(behind, 'b');
      CHECK(is_valid_utf8(front + "\xE4\xBD\xA0" + rest));
      CHECK_FALSE(is_valid_utf8(front + "\xE4\xBD" + rest));
      CHECK_FALSE(is_valid_utf8(front + "\x80" + rest));
    }
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

TEST_CASE("the longest results fit, and characters that lie across the pieces iconv gets stay whole") {
  std::string euros;
  for (int i = 0; i < 200; ++i) euros += "€";
  CHECK(*to_utf8(std::string(200, '\x80'), Charset::kGbk) == euros);
  for (std::size_t shift = 0; shift < 8; ++shift) {
    std::string text(shift, 'x');
    for (int i = 0; i < 100; ++i) text += i % 3 == 0 ? "\xC2\x80" : i % 3 == 1 ? "单" : "\xF0\x9F\x98\x80";
    CHECK(*to_utf8(*from_utf8(text, Charset::kGb18030, Unmappable::kRefuse), Charset::kGb18030) == text);
  }
}

TEST_CASE("a character that the charset lacks is named when it is refused") {
  const Result<std::string> refused = from_utf8("x单y", Charset::kIso88591, Unmappable::kRefuse);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "the character '单' (U+5355) does not exist in iso-8859-1");
}

TEST_CASE("GBK and GB18030 write what a Chinese merchant's server reads") {
  const auto gbk = [](std::string_view text) { return *from_utf8(text, Charset::kGbk, Unmappable::kRefuse); };
  CHECK(gbk("订单1462") ==
        "\xB6\xA9\xB5\xA5"
        "1462");
  // Where tables of the world differ, Windows, PHP, Java and Python agree on these.
  CHECK(gbk("·") == "\xA1\xA4");
  CHECK(gbk("—") == "\xA1\xAA");
  CHECK(gbk("―") == "\xA8\x44");
  CHECK(gbk("～") == "\xA1\xAB");
  CHECK(gbk("‖") == "\xA1\xAC");
  CHECK(gbk("⊕") == "\xA8\x92");
  const auto gb18030 = [](std::string_view text) { return *from_utf8(text, Charset::kGb18030, Unmappable::kRefuse); };
  CHECK(gb18030("订单") == "\xB6\xA9\xB5\xA5");
  CHECK(gb18030("€") == "\xA2\xE3");
  CHECK(gb18030("é") == "\xA8\xA6");
  CHECK(gb18030("\xF0\x9F\x98\x80") == "\x94\x39\xFC\x36");
  CHECK(gb18030("\xEF\xBB\xBF") == "\x84\x31\x95\x33");
}

TEST_CASE("GBK refuses what it lacks, and the euro sign, of which its readers disagree") {
  const auto refusal = [](std::string_view text) {
    const Result<std::string> refused = from_utf8(text, Charset::kGbk, Unmappable::kRefuse);
    CHECK_FALSE_MESSAGE(refused, text);
    return refused ? std::string() : refused.error().message;
  };
  CHECK(refusal("价格5€") == "the character '€' (U+20AC) does not exist in gbk");
  CHECK(refusal("单\xF0\x9F\x98\x80") == "the character '\xF0\x9F\x98\x80' (U+1F600) does not exist in gbk");
  CHECK(refusal("é\xEF\xBB\xBF").find("(U+FEFF)") != std::string::npos);
  CHECK(refusal("\xEE\x80\x80").find("(U+E000)") != std::string::npos);
  CHECK(*from_utf8("€单€\xF0\x9F\x98\x80", Charset::kGbk, Unmappable::kQuestionMark) == "?\xB5\xA5??");
}

TEST_CASE("language tags are refused where iconv would drop them without a word") {
  const std::string tagged = "x\xF3\xA0\x81\xA5y";  // U+E0065, as in the flag of England
  for (const Charset target : {Charset::kGbk, Charset::kIso88591}) {
    CHECK_FALSE(from_utf8(tagged, target, Unmappable::kRefuse));
    CHECK(*from_utf8(tagged, target, Unmappable::kQuestionMark) == "x?y");
  }
  const std::string kept = *from_utf8(tagged, Charset::kGb18030, Unmappable::kRefuse);
  CHECK(kept.size() == 6);
  CHECK(*to_utf8(kept, Charset::kGb18030) == tagged);
}

std::string utf8_of(std::uint32_t code) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
  const char last = byte(0x80 | (code & 0x3F));
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xC0 | code >> 6), last};
  const char third = byte(0x80 | (code >> 6 & 0x3F));
  if (code < 0x10000) return {byte(0xE0 | code >> 12), third, last};
  return {byte(0xF0 | code >> 18), byte(0x80 | (code >> 12 & 0x3F)), third, last};
}

TEST_CASE("every character that a charset has comes back as it was, and GB18030 has every one") {
  std::size_t gbk = 0;
  for (std::uint32_t code = 1; code <= 0x10FFFF; code += code < 0x10000 ? 1 : 97) {
    if (code >= 0xD800 && code < 0xE000) continue;
    const std::string text = utf8_of(code);
    for (const Charset charset : {Charset::kIso88591, Charset::kGbk, Charset::kGb18030, Charset::kUtf8}) {
      const Result<std::string> bytes = from_utf8(text, charset, Unmappable::kRefuse);
      const bool is_private = code >= 0xE000 && code < 0xF900;
      if (charset == Charset::kIso88591) REQUIRE_MESSAGE(bytes.ok() == (code < 0x100), code);
      if (charset == Charset::kGb18030 && !is_private) REQUIRE_MESSAGE(bytes.ok(), code);
      if (!bytes) continue;
      gbk += charset == Charset::kGbk ? 1 : 0;
      const Result<std::string> back = to_utf8(*bytes, charset);
      REQUIRE_MESSAGE(back.ok(), code);
      REQUIRE_MESSAGE(*back == text, code);
    }
  }
  CHECK(gbk == 127 + 21'791);
}

TEST_CASE("bytes that are not of the charset are said to be so when they are read") {
  CHECK(*to_utf8("\xB6\xA9\xB5\xA5!", Charset::kGbk) == "订单!");
  CHECK(*to_utf8("\xE9t\xE9", Charset::kIso88591) == "été");
  CHECK(to_utf8("ok\xB6\x20", Charset::kGbk).error().message == "the bytes are not valid gbk: byte 3 of 4 is 0xB6");
  CHECK_FALSE(to_utf8("\xB6\xA9\xB5", Charset::kGbk));
  CHECK_FALSE(to_utf8("\xB6", Charset::kUtf8));
  // What came before leaves no trace in what is read next.
  CHECK(*to_utf8("\xB6\xA9", Charset::kGbk) == "订");
}

TEST_CASE("bytes that are not UTF-8 are refused whatever the target") {
  CHECK_FALSE(from_utf8("\xFF", Charset::kUtf8, Unmappable::kQuestionMark));
  CHECK_FALSE(from_utf8("\xFF", Charset::kIso88591, Unmappable::kQuestionMark));
  CHECK_FALSE(from_utf8("\xB6\xA9", Charset::kGbk, Unmappable::kQuestionMark));
}

TEST_CASE("charset names are the profiles' own spelling") {
  CHECK(parse_charset("utf-8") == Charset::kUtf8);
  CHECK(parse_charset("iso-8859-1") == Charset::kIso88591);
  for (const Charset charset : {Charset::kUtf8, Charset::kIso88591, Charset::kGbk, Charset::kGb18030}) {
    CHECK(parse_charset(name_of(charset)) == charset);
  }
  CHECK(parse_charset("gb18030") == Charset::kGb18030);
  CHECK_FALSE(parse_charset("UTF8"));
  CHECK_FALSE(parse_charset("gb2312"));
  CHECK(std::string(name_of(Charset::kIso88591)) == "iso-8859-1");
}

}  // namespace
}  // namespace ackd
