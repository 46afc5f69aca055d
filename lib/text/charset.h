// Character sets: what comes in is UTF-8 and checked once; what leaves may have to be something else.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ackd {

// Well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_valid_utf8(std::string_view bytes);

enum class Charset { kUtf8, kIso88591 };

// The spelling of the profiles: "utf-8", "iso-8859-1".
std::optional<Charset> parse_charset(std::string_view name);
const char* name_of(Charset charset);

// What becomes of a character that the target cannot express.
enum class Unmappable {
  kRefuse,        // an error that names the character
  kQuestionMark,  // one '?' for each, as Java's String.getBytes does
};

// REQUIRES: `utf8` is valid UTF-8 (otherwise an error, whatever `unmappable` says).
Result<std::string> from_utf8(std::string_view utf8, Charset target, Unmappable unmappable);

}  // namespace ackd
