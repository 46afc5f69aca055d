#include "ackctl/printable.h"

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

// Soft hyphen, Arabic letter mark, zero-width characters and marks, line and paragraph separators, embeddings,
// isolates and invisible operators, surrogates, byte order mark, interlinear marks, tags.
constexpr std::array<Range, 12> kHidden{{{0x00AD, 0x00AD},
                                         {0x061C, 0x061C},
                                         {0x115F, 0x1160},
                                         {0x180E, 0x180E},
                                         {0x200B, 0x200F},
                                         {0x2028, 0x202E},
                                         {0x2060, 0x206F},
                                         {0xD800, 0xF8FF},
                                         {0xFEFF, 0xFEFF},
                                         {0xFFF0, 0xFFFB},
                                         {0xFFFE, 0xFFFF},
                                         {0xE0000, 0x10FFFF}}};

constexpr std::array<Range, 9> kWide{{{0x1100, 0x115E},
                                      {0x2E80, 0x303E},
                                      {0x3041, 0xA4CF},
                                      {0xAC00, 0xD7A3},
                                      {0xF900, 0xFAFF},
                                      {0xFE30, 0xFE6F},
                                      {0xFF00, 0xFF60},
                                      {0x1F300, 0x1FAFF},
                                      {0x20000, 0x3FFFD}}};

template <std::size_t N>
bool in(const std::array<Range, N>& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(), [&](Range r) { return c >= r.first && c <= r.last; });
}

bool is_control(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

struct Character {
  char32_t code = 0;
  std::size_t bytes = 0;  // 0: the first byte begins no character
};

// The character at the front of `text`. REQUIRES: not empty.
Character front_of(std::string_view text) {
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
  if (code < kSmallest[length] || code > 0x10FFFF || surrogate) return {};
  return {code, length};
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

// JSON has 16 bits an escape; characters above are written as a surrogate pair.
std::string escaped_json(char32_t c) {
  if (c < 0x10000) return fmt::format("\\u{:04x}", static_cast<std::uint32_t>(c));
  const std::uint32_t above = static_cast<std::uint32_t>(c) - 0x10000;
  return fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (above >> 10), 0xDC00 + (above & 0x3FF));
}

template <class Escape>
std::string replace_unsafe(std::string_view text, Escape escape) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character front = front_of(text);
    const std::size_t length = std::max<std::size_t>(front.bytes, 1);
    if (front.bytes == 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    } else if (is_control(front.code) || in(kHidden, front.code)) {
      out += escape(front.code);
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text) {
  return replace_unsafe(text, escaped);
}

std::string printable_json(std::string_view json) {
  return replace_unsafe(json, escaped_json);
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Character front = front_of(text);
    columns += in(kWide, front.code) ? 2 : 1;
    text.remove_prefix(std::max<std::size_t>(front.bytes, 1));
  }
  return columns;
}

}  // namespace ackd
