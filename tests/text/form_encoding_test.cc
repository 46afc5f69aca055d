#include "text/form_encoding.h"

#include <doctest/doctest.h>

#include <cctype>

namespace ackd {
namespace {

TEST_CASE("percent-encoding keeps letters, digits, - _ . and nothing else") {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const std::string encoded = percent_encode(std::string_view(&c, 1));
    const bool kept = byte < 128 && (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.');
    if (kept) {
      CHECK(encoded == std::string(1, c));
    } else if (c == ' ') {
      CHECK(encoded == "+");
    } else {
      CHECK(encoded.size() == 3);
      CHECK(encoded.front() == '%');
      CHECK(std::stoi(encoded.substr(1), nullptr, 16) == byte);
    }
  }
  CHECK(percent_encode("~*/\xE4\xBD\xA0") == "%7E%2A%2F%E4%BD%A0");
}

TEST_CASE("line ends inside a value travel percent-encoded") {
  CHECK(percent_encode("a\r\nb") == "a%0D%0Ab");
}

TEST_CASE("pairs keep their order and encode names too") {
  CHECK(form_encode({{"b", "1 2"}, {"a&", "x=y"}, {"c", ""}}) == "b=1+2&a%26=x%3Dy&c=");
  CHECK(form_encode({}).empty());
}

TEST_CASE("a space is written as + or as %20, and a plus sign is never mistaken for one") {
  CHECK(percent_encode("a b+c", Space::kPlus) == "a+b%2Bc");
  CHECK(percent_encode("a b+c", Space::kPercent20) == "a%20b%2Bc");
  CHECK(form_encode({{"n m", "1 2"}, {"x", " "}}, Space::kPercent20) == "n%20m=1%202&x=%20");
}

TEST_CASE("a decoded form is what was encoded, for every byte") {
  Fields pairs;
  for (int byte = 0; byte < 256; ++byte) {
    pairs.push_back({"f" + std::to_string(byte), std::string("<") + static_cast<char>(byte) + ">"});
  }
  for (const Space space : {Space::kPlus, Space::kPercent20}) {
    const Result<Fields> decoded = form_decode(form_encode(pairs, space));
    REQUIRE(decoded);
    CHECK(*decoded == pairs);
  }
}

TEST_CASE("decoding is lenient about missing parts and strict about broken escapes") {
  const Result<Fields> decoded = form_decode("&a&&b=1=2&=x&");
  REQUIRE(decoded);
  CHECK(*decoded == Fields{{"a", ""}, {"b", "1=2"}, {"", "x"}});
  CHECK(form_decode("")->empty());
  CHECK((*form_decode("a=%2f"))[0].value == "/");
  for (const char* broken : {"a=%", "a=%4", "a=%4g", "a=%g4", "%=1", "a=1&b=%zz"}) CHECK_FALSE(form_decode(broken));
}

}  // namespace
}  // namespace ackd
