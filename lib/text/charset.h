// Character sets: what comes in is UTF-8 and checked once; what leaves may have to be something else.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ackd {

// Well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_valid_utf8(std::string_view bytes);

enum class Charset {
  kUtf8,
  kIso88591,
  kGbk,
  kGb18030,
  // What answers come in and nothing is written in.
  kWindows1252,
  kBig5,
  kShiftJis,
  kEucJp,
  kEucKr,
  kUtf16Le,
  kUtf16Be,
};

// The spelling of the profiles: "utf-8", "iso-8859-1", "gbk", "gb18030". GB2312 is a part of GBK and written so.
std::optional<Charset> parse_charset(std::string_view name);
// "utf-8" and so on; "windows-1252", "big5", "shift_jis", "euc-jp", "euc-kr", "utf-16le", "utf-16be".
const char* name_of(Charset charset);

// What becomes of a character that the target cannot express.
enum class Unmappable {
  kRefuse,        // an error that names the character
  kQuestionMark,  // one '?' for each, as Java's String.getBytes does
};

// REQUIRES: `utf8` is valid UTF-8 (otherwise an error, whatever `unmappable` says), and `target` is one that profiles
// write in.
// GBK is the table that Windows, PHP and Python share and Java has but for U+2295, without private characters. The euro
// sign is refused: Windows and PHP put it at 0x80, Java at A2E3, so no bytes would be read alike. GB18030 is Java's.
Result<std::string> from_utf8(std::string_view utf8, Charset target, Unmappable unmappable);

// For showing bytes of a known charset to people. Fails where the bytes are not of that charset.
Result<std::string> to_utf8(std::string_view bytes, Charset source);

// The same for people who must see something in any case: a byte that belongs to no character stands as \xNN.
std::string to_visible_utf8(std::string_view bytes, Charset source);
// How many bytes at the front are whole characters of the charset.
std::size_t whole_characters(std::string_view bytes, Charset source);

}  // namespace ackd
