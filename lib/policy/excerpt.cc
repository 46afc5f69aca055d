#include "policy/excerpt.h"

#include <fmt/format.h>

#include "text/characters.h"

namespace ackd {
namespace {

// The length of the character at the front when it may be shown as it is, 0 otherwise.
std::size_t shown_length(std::string_view rest) {
  const Character character = first_character(rest);
  return is_control(character.code) || is_hidden(character.code) ? 0 : character.bytes;
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
    const std::size_t length = shown_length(bytes.substr(at));
    if (length > 0) {
      out.append(bytes.substr(at, length));
    } else {
      out += escaped(bytes[at]);
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
