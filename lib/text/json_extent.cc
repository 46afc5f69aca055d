#include "text/json_extent.h"

#include <algorithm>

namespace ackd {
namespace {

// `begin` is behind the opening quote; returns the place behind the closing one, before which backslashes stand only in
// pairs.
std::size_t skip_string(std::string_view text, std::size_t begin) {
  for (std::size_t at = text.find('"', begin); at < text.size(); at = text.find('"', at + 1)) {
    std::size_t backslashes = 0;
    while (at - backslashes > begin && text[at - backslashes - 1] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return at + 1;
  }
  return text.size();
}

}  // namespace

std::size_t skip_json_blanks(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(" \t\r\n", at), text.size());
}

std::size_t json_value_end(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = skip_string(text, at + 1);
      continue;
    }
    const bool closes = c == ']' || c == '}';
    if (depth == 0 && (closes || c == ',')) return at;
    if (closes) --depth;
    if (c == '[' || c == '{') ++depth;
    ++at;
  }
  return at;
}

}  // namespace ackd
