// A template read backwards: what its placeholders stood for in a text that was made of it. A merchant learns the time
// and the nonce of a signature in this way.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "model/content.h"
#include "profile/template.h"

namespace ackd {

// What was found; what the template does not have, or shows as a digest only, stays empty.
struct TemplateMatch {
  std::optional<WallTime> now;
  std::string nonce;
  std::string key_id;
  std::string body;
  std::string signature;
  std::string signatures;
  Fields fields;  // of {field.NAME}, in the text's own bytes
};

// Nothing when the text cannot have been made of the template. Each placeholder takes the text up to the literal text
// behind it, or all that is left; two placeholders with nothing between them cannot be told apart and match nothing.
// A time must have its format, read in `zone`; every other placeholder may stand for any text.
std::optional<TemplateMatch> match_template(const Template& pieces, std::string_view text, UtcOffset zone);

}  // namespace ackd
