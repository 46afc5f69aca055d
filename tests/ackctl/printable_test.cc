#include "ackctl/printable.h"

#include <doctest/doctest.h>

#include "ackctl/document.h"
#include "ackctl/table.h"

namespace ackd {
namespace {

TEST_CASE("ordinary text in any script stays as it is") {
  CHECK(printable("order 42") == "order 42");
  CHECK(printable("测试商品 é") == "测试商品 é");
  CHECK(printable(R"(a\x41)") == R"(a\x41)");
}

TEST_CASE("what a terminal obeys is shown, not obeyed") {
  CHECK(printable("a\x1b[2Jb") == R"(a\x1b[2Jb)");
  CHECK(printable("OK\r\n") == R"(OK\r\n)");
  CHECK(printable("\xC2\x9B"
                  "31m") == R"(\x9b31m)");
  CHECK(printable("\x7f") == R"(\x7f)");
  CHECK(printable(std::string_view("a\0b", 3)) == R"(a\x00b)");
}

TEST_CASE("marks that reverse or hide text are named") {
  CHECK(printable("1\u202E2") == R"(1\u{202e}2)");
  CHECK(printable("\uFEFFOK") == R"(\u{feff}OK)");
  CHECK(printable("a\u200Bb") == R"(a\u{200b}b)");
  CHECK(printable("\U000E0041") == R"(\u{e0041})");
}

TEST_CASE("bytes that are not UTF-8 are shown one by one") {
  CHECK(printable("\xB6\xA9") == R"(\xb6\xa9)");
  CHECK(printable("\xC0\xAF") == R"(\xc0\xaf)");
  CHECK(printable("\xED\xA0\x80") == R"(\xed\xa0\x80)");
  CHECK(printable("\xE6\xB5") == R"(\xe6\xb5)");
}

TEST_CASE("a line of JSON says the same after it was made safe") {
  const Document document = {{"reason", "a\u202Eb\x7f\U000E0041\x1b"}};
  const std::string line = to_line(document);
  for (const char c : line) CHECK((c >= ' ' && c <= '~'));
  CHECK(Document::parse(line) == document);
}

TEST_CASE("columns line up, also behind wide characters and across pages") {
  const Terminal terminal(false);
  Table table({"ID", "SUBJECT", "REASON"}, terminal);
  table.add({"1", "订单", "x"});
  table.add({"22", "a", ""});
  CHECK(table.take() == "ID  SUBJECT  REASON\n1   订单     x\n22  a\n");
  table.add({"3", "b", "line\nbreak"});
  CHECK(table.take() == "3   b        line\\nbreak\n");
  CHECK(table.take().empty());
}

TEST_CASE("colours appear only when asked for and never change the columns") {
  const Terminal terminal(true);
  Table table({"STATE", "N"}, terminal);
  table.add({"delivered", "1"});
  table.add({"held", "2"});
  const std::string text = table.take();
  CHECK(text.find("\x1b[32mdelivered\x1b[0m  1\n") != std::string::npos);
  CHECK(text.find("\x1b[33mheld\x1b[0m       2\n") != std::string::npos);
}

}  // namespace
}  // namespace ackd
