#include "text/json_extent.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace ackd {
namespace {

TEST_CASE("a value ends before the comma or bracket that is not its own") {
  CHECK(json_value_end("1,2", 0) == 1);
  CHECK(json_value_end(R"({"a":[1,2]},3)", 0) == 11);
  CHECK(json_value_end(R"("a,]}",1)", 0) == 6);
  CHECK(json_value_end("]", 0) == 0);
  CHECK(json_value_end("[1", 0) == 2);
  CHECK(json_value_end(R"("cut off)", 0) == 8);
}

TEST_CASE("a quote ends a string unless an odd number of backslashes stands before it") {
  CHECK(json_value_end(R"("\"",1)", 0) == 4);
  CHECK(json_value_end(R"("\\",1)", 0) == 4);
  CHECK(json_value_end(R"("\\\"",1)", 0) == 6);
  CHECK(json_value_end(R"("",1)", 0) == 2);
  CHECK(json_value_end(R"("\")", 0) == 3);
  CHECK(json_value_end(R"(\"",1)", 0) == 3);  // a backslash before the string is none of its own
}

// As JSON defines a string: one character after the other.
std::size_t end_by_characters(const std::string& text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') ++at;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}' || c == ',') {
      if (depth == 0) return at;
      if (c != ',') --depth;
    }
  }
  return text.size();
}

TEST_CASE("any text ends where it does when it is read character by character") {
  std::mt19937_64 random(7);
  for (int i = 0; i < 100'000; ++i) {
    std::string text;
    for (std::uint64_t left = random() % 16; left > 0; --left) text += R"(""\\[]{},a)"[random() % 10];
    CAPTURE(text);
    REQUIRE(json_value_end(text, 0) == end_by_characters(text));
  }
}

}  // namespace
}  // namespace ackd
