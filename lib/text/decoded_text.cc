#include "text/decoded_text.h"

#include <algorithm>
#include <array>
#include <optional>

namespace ackd {
namespace {

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
constexpr std::string_view kUtf16LeMark = "\xFF\xFE";
constexpr std::string_view kUtf16BeMark = "\xFE\xFF";

// No charset here has a longer one; a longer rest at the end is not a cut-off character.
constexpr std::size_t kCharacterBytesMax = 4;

struct Label {
  std::string_view name;
  Charset charset;
};
// Spellings that servers use. Names are never handed to iconv as they come: it would load a module by them.
constexpr std::array<Label, 31> kLabels{{{"utf-8", Charset::kUtf8},
                                         {"utf8", Charset::kUtf8},
                                         {"us-ascii", Charset::kUtf8},
                                         {"ascii", Charset::kUtf8},
                                         {"gbk", Charset::kGbk},
                                         {"x-gbk", Charset::kGbk},
                                         {"gb2312", Charset::kGbk},
                                         {"gb_2312-80", Charset::kGbk},
                                         {"cp936", Charset::kGbk},
                                         {"ms936", Charset::kGbk},
                                         {"windows-936", Charset::kGbk},
                                         {"gb18030", Charset::kGb18030},
                                         {"iso-8859-1", Charset::kIso88591},
                                         {"iso8859-1", Charset::kIso88591},
                                         {"iso8859_1", Charset::kIso88591},
                                         {"latin1", Charset::kIso88591},
                                         {"windows-1252", Charset::kWindows1252},
                                         {"cp1252", Charset::kWindows1252},
                                         {"big5", Charset::kBig5},
                                         {"big5-hkscs", Charset::kBig5},
                                         {"shift_jis", Charset::kShiftJis},
                                         {"shift-jis", Charset::kShiftJis},
                                         {"sjis", Charset::kShiftJis},
                                         {"windows-31j", Charset::kShiftJis},
                                         {"euc-jp", Charset::kEucJp},
                                         {"euc-kr", Charset::kEucKr},
                                         {"ks_c_5601-1987", Charset::kEucKr},
                                         {"cp949", Charset::kEucKr},
                                         {"utf-16", Charset::kUtf16Be},
                                         {"utf-16le", Charset::kUtf16Le},
                                         {"utf-16be", Charset::kUtf16Be}}};

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

// "text/html; Charset = \"GBK\"" says gbk.
std::optional<Charset> labelled(std::string_view content_type) {
  const std::string text = lower_case(content_type);
  std::size_t at = text.find("charset");
  if (at == std::string::npos) return std::nullopt;
  at = text.find_first_not_of(" \t", at + std::string_view("charset").size());
  if (at == std::string::npos || text[at] != '=') return std::nullopt;
  const std::size_t from = text.find_first_not_of(" \t\"'", at + 1);
  if (from == std::string::npos) return std::nullopt;
  const std::string_view name = std::string_view(text).substr(from, text.find_first_of(" \t\"';,", from) - from);
  const auto known =
      std::find_if(kLabels.begin(), kLabels.end(), [&](const Label& label) { return label.name == name; });
  return known == kLabels.end() ? std::nullopt : std::optional(known->charset);
}

std::optional<Charset> marked(std::string_view bytes) {
  if (bytes.starts_with(kUtf8Mark)) return Charset::kUtf8;
  if (bytes.starts_with(kUtf16LeMark)) return Charset::kUtf16Le;
  if (bytes.starts_with(kUtf16BeMark)) return Charset::kUtf16Be;
  return std::nullopt;
}

bool fits(std::string_view bytes, Ending ending, Charset charset) {
  const std::size_t rest = bytes.size() - whole_characters(bytes, charset);
  return rest == 0 || (ending == Ending::kCut && rest < kCharacterBytesMax);
}

}  // namespace

Charset guess_charset(std::string_view bytes, Ending ending, std::string_view content_type, Charset otherwise) {
  const std::optional<Charset> label = labelled(content_type);
  for (const std::optional<Charset>& candidate :
       {marked(bytes), label, std::optional(Charset::kUtf8), std::optional(otherwise)}) {
    if (candidate && fits(bytes, ending, *candidate)) return *candidate;
  }
  return label.value_or(Charset::kUtf8);
}

std::string decoded_text(std::string_view bytes, Charset charset) {
  if (charset == Charset::kUtf16Le && bytes.starts_with(kUtf16LeMark)) bytes.remove_prefix(kUtf16LeMark.size());
  if (charset == Charset::kUtf16Be && bytes.starts_with(kUtf16BeMark)) bytes.remove_prefix(kUtf16BeMark.size());
  return to_visible_utf8(bytes, charset);
}

}  // namespace ackd
