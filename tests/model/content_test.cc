#include "model/content.h"

#include <doctest/doctest.h>

namespace ackd {

TEST_CASE("content reads back byte for byte") {
  const Content contents[] = {
      {},
      {{{"orderid", "42"}, {"amount", "12.30"}, {"attach", ""}}, ""},
      {{{"long", std::string(70'000, 'x')}, {"odd", std::string("\0\n\xff&=", 5)}}, "{\"raw\":true}"},
  };
  for (const Content& content : contents) {
    CHECK(decode_content(encode(content)) == content);
    CHECK(encoded_bytes(content) == encode(content).size());
  }
}

TEST_CASE("bytes that encode() did not make are refused, cut or altered anywhere") {
  const std::string whole = encode({{{"name", "value"}, {"other", "thing"}}, "body"});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CHECK_FALSE(decode_content(whole.substr(0, length)).has_value());
  }
  CHECK_FALSE(decode_content(whole + "x").has_value());
  CHECK_FALSE(decode_content("\x02" + whole.substr(1)).has_value());
  // A count and lengths that promise more than is there reserve nothing.
  CHECK_FALSE(decode_content("\x01\xff\xff\xff\xff\x0f").has_value());
  CHECK_FALSE(decode_content("\x01\x01\xff\xff\xff\xff\x0f").has_value());
}

TEST_CASE("fields are viewed in the order of their names, and those of one name in their own") {
  const Fields fields{{"b", "1"}, {"a", "2"}, {"b", "0"}, {"B", ""}};
  ContentView view = by_name(fields);
  view.body = "body";
  CHECK(view.encode() == encode({{{"B", ""}, {"a", "2"}, {"b", "1"}, {"b", "0"}}, "body"}));
}

TEST_CASE("a field is found by its exact name") {
  const Fields fields{{"a", "1"}, {"A", "2"}};
  CHECK(*find_field(fields, "A") == "2");
  CHECK(find_field(fields, "b") == nullptr);
}

}  // namespace ackd
