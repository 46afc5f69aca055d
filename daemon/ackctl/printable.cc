#include "ackctl/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "text/characters.h"

namespace ackd {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

constexpr std::array<Range, 9> kWide{{{0x1100, 0x115E},
                                      {0x2E80, 0x303E},
                                      {0x3041, 0xA4CF},
                                      {0xAC00, 0xD7A3},
                                      {0xF900, 0xFAFF},
                                      {0xFE30, 0xFE6F},
                                      {0xFF00, 0xFF60},
                                      {0x1F300, 0x1FAFF},
                                      {0x20000, 0x3FFFD}}};

bool is_wide(char32_t c) {
  return std::any_of(kWide.begin(), kWide.end(), [&](Range range) { return c >= range.first && c <= range.last; });
}

std::string escaped(char32_t c) {
  switch (c) {
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: break;
  }
  const auto number = static_cast<std::uint32_t>(c);
  return is_control(c) ? fmt::format("\\x{:02x}", number) : fmt::format("\\u{{{:04x}}}", number);
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character front = first_character(text);
    const std::size_t length = std::max<std::size_t>(front.bytes, 1);
    if (front.bytes == 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    } else if (is_control(front.code) || is_hidden(front.code)) {
      out += escaped(front.code);
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length);
  }
  return out;
}

std::string printable_json(std::string_view json) {
  return json_without_hidden(std::string(json));
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Character front = first_character(text);
    columns += is_wide(front.code) ? 2 : 1;
    text.remove_prefix(std::max<std::size_t>(front.bytes, 1));
  }
  return columns;
}

}  // namespace ackd
