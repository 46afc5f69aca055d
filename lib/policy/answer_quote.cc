#include "policy/answer_quote.h"

#include <fmt/format.h>

#include "policy/excerpt.h"
#include "text/decoded_text.h"

namespace ackd {

AnswerQuote::AnswerQuote(std::string_view body, std::string_view content_type, Charset otherwise)
    : charset_(guess_charset(body.substr(0, kCharsetBytesMax),
                             body.size() > kCharsetBytesMax ? Ending::kCut : Ending::kWhole, content_type, otherwise)) {
}

std::string AnswerQuote::operator()(std::string_view part) const {
  if (charset_ == Charset::kUtf8) return quoted_excerpt(part, kAnswerBytesShown);
  // More bytes than are shown, since a character may need fewer of them in UTF-8.
  const std::string_view front = part.substr(0, 4 * kAnswerBytesShown);
  const std::string text = decoded_text(front, charset_);
  const std::string quoted = quoted_excerpt(text, kAnswerBytesShown);
  return text == front ? quoted : fmt::format("{} in {}", quoted, name_of(charset_));
}

}  // namespace ackd
