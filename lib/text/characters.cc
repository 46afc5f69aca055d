#include "text/characters.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace ackd {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Arabic letter mark, Hangul fillers and Khmer's inherent vowels are letters that take no room.
constexpr std::array<Range, 16> kHidden{{{0x00AD, 0x00AD},
                                         {0x034F, 0x034F},
                                         {0x061C, 0x061C},
                                         {0x115F, 0x1160},
                                         {0x17B4, 0x17B5},
                                         {0x180E, 0x180E},
                                         {0x200B, 0x200F},
                                         {0x2028, 0x202E},
                                         {0x2060, 0x206F},
                                         {0x3164, 0x3164},
                                         {0xD800, 0xF8FF},
                                         {0xFEFF, 0xFEFF},
                                         {0xFFA0, 0xFFA0},
                                         {0xFFF0, 0xFFFB},
                                         {0xFFFE, 0xFFFF},
                                         {0xE0000, 0x10FFFF}}};

// JSON has 16 bits an escape; characters above are written as a surrogate pair.
std::string json_escape(char32_t c) {
  if (c < 0x10000) return fmt::format("\\u{:04x}", static_cast<std::uint32_t>(c));
  const std::uint32_t above = static_cast<std::uint32_t>(c) - 0x10000;
  return fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (above >> 10), 0xDC00 + (above & 0x3FF));
}

}  // namespace

Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : (lead >= 0xE0 ? 3 : 2);
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
  char32_t code = lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < kSmallest.at(length) || code > 0x10FFFF || surrogate) return {};
  return {code, length};
}

bool is_control(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

bool is_hidden(char32_t c) {
  return std::any_of(kHidden.begin(), kHidden.end(), [&](Range range) { return c >= range.first && c <= range.last; });
}

std::string json_without_hidden(std::string json) {
  const auto may_harm = [](char c) {
    return static_cast<unsigned char>(c) >= 0x7F || static_cast<unsigned char>(c) < ' ';
  };
  const auto first = std::find_if(json.begin(), json.end(), may_harm);
  if (first == json.end()) return json;
  std::string out(json.begin(), first);
  for (std::string_view rest = std::string_view(json).substr(out.size()); !rest.empty();) {
    const Character character = first_character(rest);
    const std::size_t length = std::max<std::size_t>(character.bytes, 1);
    if (is_control(character.code) || is_hidden(character.code)) {
      out += json_escape(character.code);
    } else {
      out += rest.substr(0, length);
    }
    rest.remove_prefix(length);
  }
  return out;
}

}  // namespace ackd
