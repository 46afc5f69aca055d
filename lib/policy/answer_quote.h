// A receiver's answer inside a sentence for people, in the words that its author wrote.
#pragma once

#include <string>
#include <string_view>

#include "text/charset.h"

namespace ackd {

// What of an answer's body is looked at for its charset, here and wherever the kept part of it is shown.
inline constexpr std::size_t kCharsetBytesMax = 512;

inline constexpr std::size_t kAnswerBytesShown = 60;

class AnswerQuote {
 public:
  // `otherwise` is the charset to assume where neither the answer nor its bytes tell.
  AnswerQuote(std::string_view body, std::string_view content_type, Charset otherwise);

  // A part of the body, cut to kAnswerBytesShown, between quotes and harmless (quoted_excerpt). Its charset stands
  // behind it where the words are not those of the bytes: "'成功' in gbk" is not what a rule in UTF-8 expects.
  std::string operator()(std::string_view part) const;

 private:
  Charset charset_;
};

}  // namespace ackd
