// What charset a stranger's answer is in. Servers say it, say it wrongly, or do not say it; people who look for the
// reason of a refusal must be able to read the words all the same. Never used to decide about an answer.
#pragma once

#include <string>
#include <string_view>

#include "text/charset.h"

namespace ackd {

enum class Ending {
  kWhole,
  kCut,  // perhaps in the middle of a character
};

// The first of these that fits the bytes: a byte order mark; what `content_type` says after "charset=", where it is
// known here; UTF-8; `otherwise`, which is what the protocol speaks. When none fits, what `content_type` says, else
// UTF-8.
Charset guess_charset(std::string_view bytes, Ending ending, std::string_view content_type, Charset otherwise);

// The bytes as valid UTF-8, a UTF-16 byte order mark dropped, and what is no character of the charset as \xNN.
std::string decoded_text(std::string_view bytes, Charset charset);

}  // namespace ackd
