#include "policy/allowed_hosts.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

bool allows(const std::string& pattern, const std::string& host) {
  const Result<std::string> read = read_host_pattern(pattern);
  REQUIRE(read.ok());
  return is_allowed_host({*read}, host);
}

}  // namespace

TEST_CASE("a host allows itself, label by label") {
  CHECK(allows("a.example", "a.example"));
  CHECK(allows("A.Example", "a.example"));
  CHECK(allows("[2001:DB8::1]", "2001:db8::1"));
  CHECK(allows("2001:db8::1", "2001:db8::1"));
  CHECK(allows("192.0.2.7", "192.0.2.7"));
  for (const char* other : {"a.example.evil.com", "evila.example", "b.a.example", "example", "a.example.", ""}) {
    CAPTURE(other);
    CHECK_FALSE(allows("a.example", other));
  }
}

TEST_CASE("a star allows every name below, and nothing that only looks so") {
  CHECK(allows("*.b.example", "x.b.example"));
  CHECK(allows("*.b.example", "y.x.b.example"));
  for (const char* other : {"b.example", ".b.example", "xb.example", "x.b.example.evil.com", "x.b.exampl"}) {
    CAPTURE(other);
    CHECK_FALSE(allows("*.b.example", other));
  }
}

TEST_CASE("no patterns allow every host, several allow what one of them does") {
  CHECK(is_allowed_host({}, "anything.example"));
  CHECK(is_allowed_host({"a.example", "*.b.example"}, "x.b.example"));
  CHECK_FALSE(is_allowed_host({"a.example", "*.b.example"}, "c.example"));
}

TEST_CASE("what is no host is refused") {
  for (const char* text :
       {"", "*", "*.", "*.*.example", "a.*.example", "https://a.example", "a.example/", "a.example:443", "a b.example",
        "user@a.example", "a..example", "-a.example", "[::1", "[::1]:80", "1.2.3", "a.example#", "a.example?x"}) {
    CAPTURE(text);
    const Result<std::string> read = read_host_pattern(text);
    REQUIRE_FALSE(read.ok());
    CHECK(read.error().message.find("*.shop.example") != std::string::npos);
  }
}

}  // namespace ackd
