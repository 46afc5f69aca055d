#include "text/characters.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "text/charset.h"

namespace ackd {
namespace {

TEST_CASE("a character is read as UTF-8 writes it, and in no other way") {
  const auto is = [](std::string_view text, char32_t code, std::size_t bytes) {
    const Character character = first_character(text);
    return character.code == code && character.bytes == bytes;
  };
  CHECK(is("a", 'a', 1));
  CHECK(is("é!", 0xE9, 2));
  CHECK(is("单", 0x5355, 3));
  CHECK(is("\xF0\x9F\x98\x80", 0x1F600, 4));
  for (const char* bad : {"\x80", "\xC1\xBF", "\xC2", "\xE0\x9F\xBF", "\xE4\xBD", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    CHECK(first_character(bad).bytes == 0);
  }
}

TEST_CASE("it agrees with the check of whole texts on every sequence of two bytes") {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text{static_cast<char>(first), static_cast<char>(second)};
      const std::size_t bytes = first_character(text).bytes;
      CHECK((bytes > 0) == is_valid_utf8(text.substr(0, std::max<std::size_t>(bytes, 1))));
    }
  }
}

TEST_CASE("what a terminal obeys or hides is known as such, and nothing that people write") {
  for (const char32_t c : {0x00u, 0x07u, 0x0Au, 0x1Bu, 0x7Fu, 0x80u, 0x9Bu, 0x9Fu}) CHECK(is_control(c));
  for (const char32_t c :
       {0xADu,   0x061Cu, 0x180Eu, 0x200Bu, 0x200Du, 0x200Eu, 0x200Fu, 0x2028u, 0x2029u,  0x202Au,
        0x202Eu, 0x2060u, 0x2066u, 0x2069u, 0x3164u, 0xFEFFu, 0xFFA0u, 0xFFF9u, 0xE0001u, 0xE007Fu}) {
    CHECK(is_hidden(c));
  }
  for (const char32_t c : {U' ', U'a', U'~', U'é', U'\u00A0', U'单', U'功', U'ا', U'한', U'\U0001F600', U'“', U'—'}) {
    CHECK(!is_control(c));
    CHECK(!is_hidden(c));
  }
}

TEST_CASE("a JSON text says the same and shows everything") {
  CHECK(json_without_hidden(R"({"a":"b"})") == R"({"a":"b"})");
  CHECK(json_without_hidden("\"成功\"") == "\"成功\"");
  CHECK(json_without_hidden("\"\xC2\x9B"
                            "31m\x7f\"") == R"("\u009b31m\u007f")");
  CHECK(json_without_hidden("\"1\u202E2\u200B\uFEFF\"") == R"("1\u202e2\u200b\ufeff")");
  CHECK(json_without_hidden("\"\U000E0041\"") == R"("\udb40\udc41")");
}

}  // namespace
}  // namespace ackd
