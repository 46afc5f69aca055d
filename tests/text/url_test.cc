#include "text/url.h"

#include <doctest/doctest.h>

#include "model/notification.h"

namespace ackd {
namespace {

struct Row {
  const char* text;
  const char* canonical;
};

TEST_CASE("a URL has one canonical text") {
  const Row rows[] = {
      {"http://a.example", "http://a.example/"},
      {"HTTPS://A.Example:443/Path", "https://a.example/Path"},
      {"http://a.example:80", "http://a.example/"},
      {"http://a.example:8080/x?b=1&c=%20", "http://a.example:8080/x?b=1&c=%20"},
      {"http://a.example?x=1", "http://a.example/?x=1"},
      {"http://a.example/p?", "http://a.example/p"},
      {"http://a.example/p#top", "http://a.example/p"},
      {"http://a.example#top?x", "http://a.example/"},
      {"http://a.example/p?a=1#b?c", "http://a.example/p?a=1"},
      {"http://127.0.0.1:1/", "http://127.0.0.1:1/"},
      {"http://[::1]:8080/", "http://[::1]:8080/"},
      {"http://[2001:DB8::0:1]/", "http://[2001:db8::1]/"},
      {"http://my_host/", "http://my_host/"},
      {"http://1a.example/", "http://1a.example/"},
      {"http://a.example/@user", "http://a.example/@user"},
  };
  for (const Row& row : rows) {
    const Result<Url> url = parse_url(row.text);
    REQUIRE_MESSAGE(url, row.text);
    CHECK(url->text() == row.canonical);
    CHECK(parse_url(url->text())->text() == row.canonical);
  }
}

TEST_CASE("the parts are taken apart") {
  const Url url = *parse_url("https://[::1]/a/b?c=d");
  CHECK(url.tls);
  CHECK(url.host == "::1");
  CHECK(url.port == 443);
  CHECK(url.path == "/a/b");
  CHECK(url.query == "c=d");
  CHECK(url.origin() == "https://[::1]:443");
}

TEST_CASE("odd spellings, which the egress policy might read otherwise than the socket, are refused") {
  for (const char* text : {
           "",
           "a.example",
           "ftp://a.example/",
           "http:/a.example",
           "http:///x",
           "http://",
           "http://?x",
           "http://user@a.example/",
           "http://user:pw@a.example/",
           "http://a.example:0/",
           "http://a.example:65536/",
           "http://a.example:/",
           "http://a.example:08/",
           "http://a.example:80x/",
           "http://a.example:-1/",
           "http://a.example:80:80/",
           "http://0x7f.1/",
           "http://2130706433/",
           "http://0177.0.0.1/",
           "http://127.1/",
           "http://127.0.0.1./",
           "http://127.0.0.256/",
           "http://127.0.0.0x1/",
           "http://1.2.3.4.5/",
           "http://0x7f000001/",
           "http://%31%32%37.0.0.1/",
           "http://a.example%2f/",
           "http://[::1/",
           "http://[::1]x/",
           "http://[::1%25eth0]/",
           "http://[fe80::1%eth0]/",
           "http://[127.0.0.1]/",
           "http://[]/",
           "http://::1/",
           "http://a..example/",
           "http://.example/",
           "http://a.example./",
           "http://-a.example/",
           "http://a-.example/",
           "http://a,b/",
           "http://a.example\\@b/",
           "http://a.example/a b",
           " http://a.example/",
           "http://a.example/\n",
           "http://a.example/\x7f",
           "http://a.example/\xE4\xBD\xA0",
           "http://\xE4\xBD\xA0.example/",
       }) {
    const Result<Url> url = parse_url(text);
    CHECK_MESSAGE(!url, text);
    if (!url) CHECK(url.error().field == "url");
  }
}

TEST_CASE("length limits hold at their edges") {
  const std::string start = "http://a.example/";
  CHECK(parse_url(start + std::string(kUrlBytesMax - start.size(), 'x')));
  const Result<Url> longer = parse_url(start + std::string(kUrlBytesMax - start.size() + 1, 'x'));
  REQUIRE_FALSE(longer);
  CHECK(longer.error().code == ErrorCode::kTooLarge);
  // The canonical text has a '/' that this one lacks; what is taken once must be taken again.
  const std::string no_path = "http://a.example?";
  const Result<Url> longest = parse_url(no_path + std::string(kUrlBytesMax - no_path.size() - 1, 'x'));
  REQUIRE(longest);
  CHECK(parse_url(longest->text()));
  CHECK_FALSE(parse_url(no_path + std::string(kUrlBytesMax - no_path.size(), 'x')));
  CHECK(parse_url("http://" + std::string(63, 'a') + "/"));
  CHECK_FALSE(parse_url("http://" + std::string(64, 'a') + "/"));
  std::string name;
  for (int i = 0; i < 126; ++i) name += "a.";
  CHECK(parse_url("http://" + name + "a/"));
  CHECK_FALSE(parse_url("http://" + name + "aa/"));
}

}  // namespace
}  // namespace ackd
