// Any bytes in any charset: they are text that encodes again, or refused; shown to people they are valid UTF-8; and two
// readers of UTF-8 that know nothing of each other agree about every byte.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "target.h"
#include "text/characters.h"
#include "text/charset.h"
#include "text/decoded_text.h"

namespace {

using namespace ackd;

constexpr std::array kAll{Charset::kUtf8,        Charset::kIso88591, Charset::kGbk,      Charset::kGb18030,
                          Charset::kWindows1252, Charset::kBig5,     Charset::kShiftJis, Charset::kEucJp,
                          Charset::kEucKr,       Charset::kUtf16Le,  Charset::kUtf16Be};

bool is_written(Charset charset) {
  return parse_charset(name_of(charset)) == charset;
}

bool is_utf8_by_character(std::string_view bytes) {
  while (!bytes.empty()) {
    const Character character = first_character(bytes);
    if (character.bytes == 0) return false;
    bytes.remove_prefix(character.bytes);
  }
  return true;
}

std::size_t characters_in(std::string_view utf8) {
  std::size_t count = 0;
  for (const char c : utf8) count += (static_cast<unsigned char>(c) & 0xC0U) == 0x80U ? 0 : 1;
  return count;
}

void check_writing(std::string_view utf8, Charset target) {
  const Result<std::string> refusing = from_utf8(utf8, target, Unmappable::kRefuse);
  const Result<std::string> marking = from_utf8(utf8, target, Unmappable::kQuestionMark);
  CHECK_THAT(marking.ok(), "a question mark stands for everything that the charset lacks");
  const Result<std::string> marked = to_utf8(*marking, target);
  CHECK_THAT(marked && characters_in(*marked) == characters_in(utf8), "one character for each");
  if (!refusing) {
    CHECK_THAT(!refusing.error().message.empty() && *marked != utf8, "what was refused is lacking");
    return;
  }
  CHECK_THAT(*refusing == *marking && *marked == utf8, "what was written is read as it was meant");
}

void check_reading(std::string_view bytes, Charset source) {
  const std::size_t whole = whole_characters(bytes, source);
  CHECK_THAT(whole <= bytes.size(), "no more characters than bytes");
  const Result<std::string> text = to_utf8(bytes, source);
  CHECK_THAT(text.ok() == (whole == bytes.size()), "bytes are text when all of them are characters");
  const std::string visible = to_visible_utf8(bytes, source);
  CHECK_THAT(is_valid_utf8(visible) && is_valid_utf8(decoded_text(bytes, source)), "people are shown valid UTF-8");
  CHECK_THAT(visible.size() <= 4 * bytes.size(), "no byte grows more than an escape");
  if (!text) return;
  CHECK_THAT(is_valid_utf8(*text) && visible == *text, "text is shown as it is");
  if (is_written(source)) check_writing(*text, source);
}

void check_guess(std::string_view bytes, std::string_view content_type) {
  for (const Ending ending : {Ending::kWhole, Ending::kCut}) {
    const Charset guessed = guess_charset(bytes, ending, content_type, Charset::kGbk);
    if (ending == Ending::kWhole && is_valid_utf8(bytes) && content_type.empty() && !bytes.starts_with("\xEF")) {
      CHECK_THAT(guessed == Charset::kUtf8, "UTF-8 is seen without being told");
    }
    CHECK_THAT(is_valid_utf8(decoded_text(bytes, guessed)), "whatever was guessed can be shown");
  }
}

}  // namespace

// The input's first line is a Content-Type.
int ackd::fuzz::try_input(std::string_view text) {
  const std::size_t line_end = text.find('\n');
  const std::string_view content_type = line_end == std::string_view::npos ? "" : text.substr(0, line_end);
  const std::string_view bytes = line_end == std::string_view::npos ? text : text.substr(line_end + 1);
  const bool utf8 = is_valid_utf8(bytes);
  CHECK_THAT(utf8 == is_utf8_by_character(bytes), "both readers of UTF-8 agree");
  for (const Charset charset : kAll) {
    check_reading(bytes, charset);
    if (is_written(charset) && utf8) check_writing(bytes, charset);
    if (is_written(charset) && !utf8)
      CHECK_THAT(!from_utf8(bytes, charset, Unmappable::kQuestionMark), "what is no UTF-8 is refused");
  }
  check_guess(bytes, content_type);
  return 0;
}
