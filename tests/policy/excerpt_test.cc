#include "policy/excerpt.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

TEST_CASE("an excerpt stays on one line and shows what cannot be seen") {
  CHECK(quoted_excerpt("OK", 60) == "'OK'");
  CHECK(quoted_excerpt("", 60) == "''");
  CHECK(quoted_excerpt("a\r\n\tb", 60) == "'a\\r\\n\\tb'");
  CHECK(quoted_excerpt("\xEF\xBB\xBFOK", 60) == "'\\xEF\\xBB\\xBFOK'");
  CHECK(quoted_excerpt("a\xE2\x80\xAE"
                       "b",
                       60) == "'a\\xE2\\x80\\xAEb'");
  CHECK(quoted_excerpt("“a” — b", 60) == "'“a” — b'");
  CHECK(quoted_excerpt(std::string_view("\x00\x1b[2J\x7f", 6), 60) == "'\\x00\\x1B[2J\\x7F'");
}

TEST_CASE("readable UTF-8 is shown as it is, other bytes and C1 controls in hex") {
  CHECK(quoted_excerpt("失败", 60) == "'失败'");
  CHECK(quoted_excerpt("\xCA\xA7\xB0\xDC", 60) == "'\xCA\xA7\\xB0\\xDC'");
  CHECK(quoted_excerpt("\xC2\x9B", 60) == "'\\xC2\\x9B'");
  CHECK(quoted_excerpt("\xED\xA0\x80", 60) == "'\\xED\\xA0\\x80'");
  CHECK(quoted_excerpt("\xC0\x80", 60) == "'\\xC0\\x80'");
  CHECK(quoted_excerpt("\xE5\xA4", 60) == "'\\xE5\\xA4'");
}

TEST_CASE("an excerpt is cut behind a whole character and says that more follows") {
  CHECK(quoted_excerpt("abcdef", 3) == "'abc...'");
  CHECK(quoted_excerpt("abc", 3) == "'abc'");
  CHECK(quoted_excerpt("失败了", 4) == "'失败...'");
}

}  // namespace
}  // namespace ackd
