#include "text/decoded_text.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace ackd {
namespace {

const std::string kGbkSuccess = "\xB3\xC9\xB9\xA6";  // 成功

struct Row {
  std::string what;
  std::string bytes;
  std::string content_type;
  Charset otherwise = Charset::kUtf8;
  std::string text;
  Charset charset = Charset::kUtf8;
};

TEST_CASE("an answer is read in the charset that it says, or that its bytes say, or that its protocol speaks") {
  using namespace std::string_literals;
  const std::vector<Row> rows = {
      {"nothing said", "OK", "", Charset::kGbk, "OK", Charset::kUtf8},
      {"UTF-8 unsaid", "成功", "text/html", Charset::kGbk, "成功", Charset::kUtf8},
      {"GBK of the protocol", kGbkSuccess, "text/html", Charset::kGbk, "成功", Charset::kGbk},
      {"one GBK character", "\xB3\xC9", "", Charset::kGbk, "成", Charset::kGbk},
      {"GBK said", kGbkSuccess, "text/html; charset=GBK", Charset::kUtf8, "成功", Charset::kGbk},
      {"GB2312 in quotes", kGbkSuccess, "text/html;Charset = \"gb2312\"", Charset::kUtf8, "成功", Charset::kGbk},
      {"more behind it", kGbkSuccess, "text/html; charset='gbk'; q=1", Charset::kUtf8, "成功", Charset::kGbk},
      {"GBK said of ASCII", "OK", "text/html; charset=gbk", Charset::kUtf8, "OK", Charset::kGbk},
      {"said wrongly: UTF-8", kGbkSuccess, "text/html; charset=utf-8", Charset::kGbk, "成功", Charset::kGbk},
      {"said wrongly: GBK", "成功了", "text/html; charset=gbk", Charset::kUtf8, "成功了", Charset::kUtf8},
      {"a name of nothing", kGbkSuccess, "text/html; charset=x-unknown", Charset::kGbk, "成功", Charset::kGbk},
      {"a path for a name", kGbkSuccess, "text/html; charset=../../tmp/evil", Charset::kGbk, "成功", Charset::kGbk},
      {"Latin-1 said", "caf\xE9", "text/plain; charset=ISO-8859-1", Charset::kGbk, "café", Charset::kIso88591},
      {"windows-1252", "\x93ok\x94", "text/plain; charset=windows-1252", Charset::kUtf8, "“ok”", Charset::kWindows1252},
      {"Big5", "\xA6\xA8\xA5\x5C", "text/plain; charset=big5", Charset::kUtf8, "成功", Charset::kBig5},
      {"Shift JIS", "\x90\xAC\x8C\xF7", "text/plain; charset=Shift_JIS", Charset::kUtf8, "成功", Charset::kShiftJis},
      {"EUC-JP", "\xC0\xAE\xB8\xF9", "text/plain; charset=euc-jp", Charset::kUtf8, "成功", Charset::kEucJp},
      {"EUC-KR", "\xBC\xBA\xB0\xF8", "text/plain; charset=euc-kr", Charset::kUtf8, "성공", Charset::kEucKr},
      {"GB18030", "\x81\x30\x81\x30", "text/plain; charset=gb18030", Charset::kUtf8, "\xC2\x80", Charset::kGb18030},
      {"a UTF-8 mark", "\xEF\xBB\xBFOK", "text/html; charset=gbk", Charset::kUtf8, "\uFEFFOK", Charset::kUtf8},
      {"a UTF-16LE mark", "\xFF\xFEO\0K\0"s, "", Charset::kGbk, "OK", Charset::kUtf16Le},
      {"a UTF-16BE mark", "\xFE\xFF\0O\0K"s, "", Charset::kGbk, "OK", Charset::kUtf16Be},
      {"UTF-16LE said", "O\0K\0"s, "text/html; charset=utf-16le", Charset::kUtf8, "OK", Charset::kUtf16Le},
      {"UTF-16 said, no mark", "\0O\0K"s, "text/html; charset=utf-16", Charset::kUtf8, "OK", Charset::kUtf16Be},
      // What fits nothing is shown, byte by byte.
      {"no charset", "a\xFF\xFEz", "", Charset::kUtf8, "a\\xFF\\xFEz", Charset::kUtf8},
      {"neither GBK", "成\xFF", "", Charset::kGbk, "成\\xFF", Charset::kUtf8},
      {"said and broken", "a\xFF" + kGbkSuccess, "x; charset=gbk", Charset::kUtf8, "a\\xFF成功", Charset::kGbk},
      {"broken UTF-16", "\xFF\xFEO\0\x00\xDC"s, "", Charset::kUtf8, "\\xFF\\xFEO\0\0\\xDC"s, Charset::kUtf8},
      {"nothing", "", "", Charset::kGbk, "", Charset::kUtf8},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const Charset charset = guess_charset(row.bytes, Ending::kWhole, row.content_type, row.otherwise);
    CHECK(std::string(name_of(charset)) == std::string(name_of(row.charset)));
    CHECK(decoded_text(row.bytes, charset) == row.text);
  }
}

TEST_CASE("a text that was cut inside a character keeps its charset, and the rest of the character is shown") {
  const std::string cut = std::string("成功").substr(0, 5);
  CHECK(guess_charset(cut, Ending::kCut, "", Charset::kGbk) == Charset::kUtf8);
  CHECK(decoded_text(cut, Charset::kUtf8) == "成\\xE5\\x8A");
  CHECK(guess_charset(cut, Ending::kWhole, "", Charset::kIso88591) == Charset::kIso88591);
  CHECK(guess_charset(kGbkSuccess.substr(0, 3), Ending::kCut, "x; charset=gbk", Charset::kUtf8) == Charset::kGbk);
  CHECK(decoded_text(kGbkSuccess.substr(0, 3), Charset::kGbk) == "成\\xB9");
}

TEST_CASE("whatever the bytes, the text is valid UTF-8, and no byte is lost") {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  for (int i = 255; i >= 0; --i) bytes += static_cast<char>(i);
  for (const Charset charset :
       {Charset::kUtf8, Charset::kIso88591, Charset::kGbk, Charset::kGb18030, Charset::kWindows1252, Charset::kBig5,
        Charset::kShiftJis, Charset::kEucJp, Charset::kEucKr, Charset::kUtf16Le, Charset::kUtf16Be}) {
    CAPTURE(name_of(charset));
    for (std::size_t from = 0; from < 64; ++from) {
      const std::string text = decoded_text(std::string_view(bytes).substr(from), charset);
      CHECK(is_valid_utf8(text));
      CHECK(text.size() * 4 >= bytes.size() - from);
    }
  }
}

}  // namespace
}  // namespace ackd
