#include "text/json_reader.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace ackd {
namespace {

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

TEST_CASE("a number stays the sender's own token") {
  for (const std::string token : {"12.30", "-0", "0.10", "1E+5", "1e-05", "123456789012345678901234567890", "1e-400"}) {
    const auto json = read_json("{\"n\":" + token + "}");
    REQUIRE(json.ok());
    CHECK(json->find("n")->kind == JsonKind::kNumber);
    CHECK(json->find("n")->text == token);
  }
}

TEST_CASE("what is not one strict JSON document is refused") {
  const std::vector<std::string> bad{"",
                                     "{",
                                     "1 2",
                                     "01",
                                     "+1",
                                     ".5",
                                     "1.",
                                     "NaN",
                                     "1e400",
                                     "{a:1}",
                                     "[1,]",
                                     "'a'",
                                     "\"\\ud800\"",
                                     "\"\\udc00\"",
                                     "\"\xff\"",
                                     "\"\xed\xa0\x80\"",
                                     "\"\xc0\x80\"",
                                     "\"a\nb\"",
                                     "\"\\u0000\"",
                                     "{\"\\u0000\":1}",
                                     "// x\n1",
                                     "\"\xf4\x90\x80\x80\"",
                                     "nul",
                                     std::string("1\0", 2),
                                     std::string("{}\0 more", 8)};
  for (const std::string& text : bad) {
    CAPTURE(text);
    CHECK_FALSE(read_json(text).ok());
  }
}

TEST_CASE("escapes become UTF-8") {
  const auto json = read_json(R"(["\u00e9\ud83d\ude00\/\n"])");
  REQUIRE(json.ok());
  CHECK(json->items.at(0).text == "\xc3\xa9\xf0\x9f\x98\x80/\n");
}

TEST_CASE("a member that is given twice is refused, at any depth and however it is spelled") {
  const auto plain = read_json(R"({"a":1,"b":2,"a":3})");
  REQUIRE_FALSE(plain.ok());
  CHECK(plain.error().field == "a");
  CHECK_FALSE(read_json(R"([{"x":{"a":1,"\u0061":2}}])").ok());
  CHECK(read_json(R"([{"a":1},{"a":2}])").ok());
}

TEST_CASE("nesting ends at the cap") {
  CHECK(read_json(nested(kJsonDepthMax)).ok());
  CHECK_FALSE(read_json(nested(kJsonDepthMax + 1)).ok());
  CHECK_FALSE(read_json(std::string(1'000'000, '[')).ok());
}

TEST_CASE("a document of too many values is refused as too large") {
  std::string many = "[0";
  for (std::size_t i = 0; i < kJsonValuesMax; ++i) many += ",0";
  const auto json = read_json(many + "]");
  REQUIRE_FALSE(json.ok());
  CHECK(json.error().code == ErrorCode::kTooLarge);
}

TEST_CASE("errors name line and column") {
  const auto json = read_json("{\n  \"a\": x\n}");
  REQUIRE_FALSE(json.ok());
  CHECK(json.error().message.find("line 2, column 8") != std::string::npos);
}

TEST_CASE("bytes that are not UTF-8 are told from half a surrogate pair, and have a place") {
  const auto message = [](const std::string& text) { return read_json(text).error().message; };
  CHECK(message("{\n  \"a\": \"x\xff\"}").find("Invalid encoding in string. (line 2, column") != std::string::npos);
  CHECK(message("{\"\xe4\xbd\":1}").find("Invalid encoding in string.") != std::string::npos);
  // What stands behind it is not looked at.
  CHECK(message("[\"\\udc00\", \"\xff\"]").find("half a surrogate pair") != std::string::npos);
}

TEST_CASE("containers hold what is theirs, in the order of the text") {
  const auto json = read_json(R"({"a":[1,[],{"b":[2,{"c":3}]},4],"d":{},"e":"5"})");
  REQUIRE(json.ok());
  REQUIRE(json->members.size() == 3);
  CHECK((json->members[0].name == "a" && json->members[1].name == "d" && json->members[2].name == "e"));
  const std::vector<JsonValue>& a = json->find("a")->items;
  REQUIRE(a.size() == 4);
  CHECK((a[0].text == "1" && a[1].kind == JsonKind::kArray && a[1].items.empty() && a[3].text == "4"));
  const std::vector<JsonValue>& b = a[2].find("b")->items;
  REQUIRE(b.size() == 2);
  CHECK((b[0].text == "2" && b[1].find("c")->text == "3"));
  CHECK((json->find("d")->kind == JsonKind::kObject && json->find("d")->members.empty()));
  CHECK(json->find("e")->text == "5");
  CHECK(read_json(" 7 ")->text == "7");
}

TEST_CASE("an unknown member is answered with the nearest known one") {
  const auto json = read_json(R"({"provider":1,"merchnat":2})");
  REQUIRE(json.ok());
  const auto error = find_unknown_member(*json, {"provider", "merchant"}, "a notification");
  REQUIRE(error);
  CHECK(error->message == "a notification has no 'merchnat'; did you mean 'merchant'?");
  CHECK(error->field == "merchnat");
}

TEST_CASE("a client's words are cut at a character, not inside one") {
  const std::string cut = shortened(std::string(63, 'a') + "\xc3\xa9\xc3\xa9");
  CHECK(cut == std::string(63, 'a') + "...");
}

}  // namespace
}  // namespace ackd
