#include "policy/excerpt.h"

#include <fmt/format.h>

namespace ackd {
namespace {

// How many continuation bytes a UTF-8 lead byte asks for; -1 when it is none.
int continuations(unsigned char lead) {
  if (lead >= 0xC2 && lead <= 0xDF) return 1;
  if (lead >= 0xE0 && lead <= 0xEF) return 2;
  if (lead >= 0xF0 && lead <= 0xF4) return 3;
  return -1;
}

// Characters that a terminal shows as nothing or that turn the text around them: zero width and direction marks, line
// separators, the byte order mark.
bool is_invisible(std::string_view character) {
  return (character >= "\xE2\x80\x8B" && character <= "\xE2\x80\x8F") ||
         (character >= "\xE2\x80\xA8" && character <= "\xE2\x80\xAE") ||
         (character >= "\xE2\x81\xA0" && character <= "\xE2\x81\xAF") || character == "\xEF\xBB\xBF";
}

// The length of a multi-byte character that may be shown as it is, 0 otherwise.
std::size_t shown_length(std::string_view rest) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
  const int more = continuations(byte(0));
  if (more < 0 || rest.size() <= static_cast<std::size_t>(more)) return 0;
  for (std::size_t i = 1; i <= static_cast<std::size_t>(more); ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (byte(0) == 0xE0 && byte(1) < 0xA0) || (byte(0) == 0xF0 && byte(1) < 0x90);
  const bool beyond = (byte(0) == 0xED && byte(1) > 0x9F) || (byte(0) == 0xF4 && byte(1) > 0x8F);
  const bool control = byte(0) == 0xC2 && byte(1) < 0xA0;
  const std::size_t length = static_cast<std::size_t>(more) + 1;
  return overlong || beyond || control || is_invisible(rest.substr(0, length)) ? 0 : length;
}

std::string escaped(char c) {
  switch (c) {
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: return fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
  }
}

}  // namespace

std::string excerpt(std::string_view bytes, std::size_t bytes_max) {
  std::string out;
  std::size_t at = 0;
  while (at < bytes.size() && at < bytes_max) {
    const char c = bytes[at];
    const bool plain = c >= ' ' && c <= '~';
    const std::size_t length = plain ? 1 : shown_length(bytes.substr(at));
    if (length > 0) {
      out.append(bytes.substr(at, length));
    } else {
      out += escaped(c);
    }
    at += length > 0 ? length : 1;
  }
  if (at < bytes.size()) out += "...";
  return out;
}

std::string quoted_excerpt(std::string_view bytes, std::size_t bytes_max) {
  return "'" + excerpt(bytes, bytes_max) + "'";
}

}  // namespace ackd
