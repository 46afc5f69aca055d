#include "text/json_pointer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

namespace ackd {
namespace {

JsonPointer at(std::string_view text) {
  const Result<JsonPointer> pointer = parse_json_pointer(text);
  REQUIRE_MESSAGE(pointer.ok(), text);
  return *pointer;
}

std::string encoded(const std::vector<JsonPart>& parts) {
  const Result<std::string> document = json_encode(parts);
  return document ? *document : "!" + document.error().message;
}

JsonPart part(std::string_view pointer, std::string value, JsonForm form = JsonForm::kString) {
  return {at(pointer), form, std::move(value)};
}

TEST_CASE("a pointer is its unescaped steps") {
  CHECK(at("").steps.empty());
  CHECK(at("/").steps == std::vector<std::string>{""});
  CHECK(at("/resource/ciphertext").steps == std::vector<std::string>{"resource", "ciphertext"});
  CHECK(at("/a~1b/~0/~01/0").steps == std::vector<std::string>{"a/b", "~", "~1", "0"});
  CHECK(at("/a//").steps == std::vector<std::string>{"a", "", ""});
  for (const char* bad : {"a", "#/a", "/~", "/a~2", "/~/a", "/\xFF"}) CHECK_FALSE_MESSAGE(parse_json_pointer(bad), bad);
  CHECK_FALSE(parse_json_pointer(std::string_view("/\0", 2)));
  std::string deep;
  for (std::size_t i = 0; i < kJsonDepthMax; ++i) deep += "/a";
  CHECK(parse_json_pointer(deep));
  CHECK_FALSE(parse_json_pointer(deep + "/a"));
}

TEST_CASE("places are found as RFC 6901 says") {
  const char* document =
      R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"i\\j":5,"k\"l":6," ":7,"m~n":8,"o":{"0":"zero","01":"x"}})";
  const auto text = [&](std::string_view pointer) { return json_text_at(document, at(pointer)).value_or("-"); };
  CHECK(text("/foo/0") == "bar");
  CHECK(text("/foo/1") == "baz");
  CHECK(text("/") == "0");
  CHECK(text("/a~1b") == "1");
  CHECK(text("/c%d") == "2");
  CHECK(text("/i\\j") == "5");
  CHECK(text("/k\"l") == "6");
  CHECK(text("/ ") == "7");
  CHECK(text("/m~0n") == "8");
  CHECK(text("/o/0") == "zero");
  CHECK(text("/o/01") == "x");
  for (const char* none : {"", "/foo", "/foo/2", "/foo/00", "/foo/-", "/foo/-1", "/foo/ 0", "/foo/18446744073709551616",
                           "/o", "/o/1", "/foo/0/x", "/nope"}) {
    CHECK_MESSAGE(text(none) == "-", none);
  }
}

TEST_CASE("the text of strings, numbers and booleans is taken verbatim, of nothing else") {
  CHECK(json_text_at("{\"a\":12.30}", at("/a")) == "12.30");
  CHECK(json_text_at("{\"a\":true}", at("/a")) == "true");
  CHECK(json_text_at("\"x\"", at("")) == "x");
  CHECK(json_text_at("{\"a\":null}", at("/a")) == std::nullopt);
  CHECK(json_text_at("{\"a\":1", at("/a")) == std::nullopt);
  CHECK(json_text_at("", at("")) == std::nullopt);
}

TEST_CASE("a document is put together in the order of first mention, compact and verbatim") {
  CHECK(encoded({}) == "{}");
  CHECK(encoded({part("/id", "e1"), part("/amount/value", "12.30", JsonForm::kNumber),
                 part("/live", "true", JsonForm::kBoolean), part("/amount/currency", "CNY"),
                 part("/raw", "[1, {\"b\":null}]", JsonForm::kRaw)}) ==
        R"({"id":"e1","amount":{"value":12.30,"currency":"CNY"},"live":true,"raw":[1, {"b":null}]})");
  CHECK(encoded({part("/items/0/id", "1"), part("/items/1/id", "2"), part("/items/0/n", "3")}) ==
        R"({"items":[{"id":"1","n":"3"},{"id":"2"}]})");
  CHECK(encoded({part("/0", "a"), part("/1", "b")}) == R"(["a","b"])");
  CHECK(encoded({part("/a~1b/01", "x")}) == R"({"a/b":{"01":"x"}})");
}

TEST_CASE("texts are escaped no more than JSON demands") {
  CHECK(encoded({part("/a", "单/é\"\\\n\t\x01\x7F")}) == "{\"a\":\"单/é\\\"\\\\\\n\\t\\u0001\x7F\"}");
}

TEST_CASE("parts that contradict each other are refused") {
  CHECK(encoded({part("/a", "1"), part("/a", "2")}) == "!'/a' is taken already");
  CHECK(encoded({part("/a/b", "1"), part("/a", "2")}) == "!'/a' is taken already");
  for (const std::vector<JsonPart>& parts :
       {std::vector{part("/a", "1"), part("/a/b", "2")}, std::vector{part("/a/b", "1"), part("/a/0", "2")},
        std::vector{part("/a/0", "1"), part("/a/b", "2")}, std::vector{part("/a/1", "1")},
        std::vector{part("/a/0", "1"), part("/a/2", "2")}, std::vector{part("/a/999999999999", "1")}}) {
    CHECK_MESSAGE(encoded(parts).starts_with("!'/a/"), encoded(parts));
  }
  CHECK(encoded({{JsonPointer{}, JsonForm::kString, "x"}}).starts_with("!"));
}

TEST_CASE("a value that has not its form is refused") {
  CHECK(encoded({part("/a", "12,5", JsonForm::kNumber)}) == "!'/a' must be a JSON number, such as 12.30");
  for (const char* good : {"0", "-1", "12.30", "1e5", "-0.5E-3", "123456789012345678901234567890"}) {
    CHECK_MESSAGE(fits(good, JsonForm::kNumber), good);
  }
  for (const char* bad : {"", "01", "+1", ".5", "1.", " 1", "1 ", "NaN", "0x1", "\"1\"", "1,2", "true"}) {
    CHECK_FALSE_MESSAGE(fits(bad, JsonForm::kNumber), bad);
  }
  CHECK(fits("true", JsonForm::kBoolean));
  CHECK_FALSE(fits("True", JsonForm::kBoolean));
  CHECK(fits(" {\"a\": [1]} ", JsonForm::kRaw));
  for (const char* bad : {"", "{", "{\"a\":1}{\"b\":2}", "{'a':1}", "x"})
    CHECK_FALSE_MESSAGE(fits(bad, JsonForm::kRaw), bad);
  CHECK_FALSE(fits("\xFF", JsonForm::kString));
  CHECK_FALSE(fits(std::string_view("\0", 1), JsonForm::kString));
}

TEST_CASE("what was put together is read back part by part") {
  std::mt19937_64 random(5);
  const std::string_view pieces[] = {"a", "0", "1", "~", "/", "\"", "\\", "单", "\n", "", " "};
  const auto text = [&] {
    std::string out;
    for (std::uint64_t i = random() % 4; i > 0; --i) out += pieces[random() % std::size(pieces)];
    return out;
  };
  std::size_t compared = 0;
  for (int round = 0; round < 5'000; ++round) {
    std::vector<JsonPart> parts;
    for (std::uint64_t i = 1 + random() % 6; i > 0; --i) {
      JsonPart next{{}, JsonForm::kString, text()};
      for (std::uint64_t steps = 1 + random() % 3; steps > 0; --steps) next.pointer.steps.push_back(text());
      if (random() % 3 == 0) next = {next.pointer, JsonForm::kNumber, std::to_string(random() % 100) + ".50"};
      parts.push_back(next);
      if (!json_encode(parts)) parts.pop_back();
    }
    const Result<std::string> document = json_encode(parts);
    REQUIRE(document);
    for (const JsonPart& one : parts) {
      REQUIRE_MESSAGE(json_text_at(*document, one.pointer) == one.value, *document);
      ++compared;
    }
  }
  CHECK(compared > 10'000);
}

}  // namespace
}  // namespace ackd
