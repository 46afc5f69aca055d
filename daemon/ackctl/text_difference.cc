#include "ackctl/text_difference.h"

#include <fmt/format.h>

#include <algorithm>

#include "ackctl/printable.h"

namespace ackd {
namespace {

constexpr std::size_t kBytesBefore = 40;
constexpr std::size_t kBytesBehind = 40;

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80;
}

// The start of the character of UTF-8 that `at` is inside of; bytes of another charset stay where they are.
std::size_t character_start(std::string_view text, std::size_t at) {
  for (std::size_t back = 0; back < 4 && at > back; ++back) {
    if (at - back >= text.size() || !continues_character(text[at - back])) return at - back;
  }
  return at;
}

struct Surroundings {
  std::string before;
  std::string behind;
};

// Of one text, without the lines above; what lies behind the difference ends with its line.
Surroundings around(std::string_view text, std::size_t at) {
  const std::size_t newline = at == 0 ? std::string_view::npos : text.substr(0, at).rfind('\n');
  std::size_t from = newline == std::string_view::npos ? 0 : newline + 1;
  const bool cut = at - from > kBytesBefore;
  if (cut) from = character_start(text, at - kBytesBefore);
  std::string_view behind = text.substr(at, kBytesBehind);
  if (const std::size_t end = behind.find('\n'); end != std::string_view::npos) behind = behind.substr(0, end + 1);
  const bool more = at + behind.size() < text.size() && !behind.ends_with('\n');
  if (more) behind = text.substr(at, character_start(text, at + behind.size()) - at);
  return {(cut ? "..." : "") + printable(text.substr(from, at - from)), printable(behind) + (more ? "..." : "")};
}

}  // namespace

std::optional<TextDifference> find_difference(std::string_view a, std::string_view b) {
  const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (in_a == a.end() && in_b == b.end()) return std::nullopt;
  const auto byte = static_cast<std::size_t>(in_a - a.begin());
  return TextDifference{byte, 1 + static_cast<std::size_t>(std::count(a.begin(), in_a, '\n'))};
}

std::string show_difference(const TextDifference& difference, std::string_view name_a, std::string_view a,
                            std::string_view name_b, std::string_view b) {
  // Both texts are equal up to there, so both carets stand in the same column.
  const std::size_t at = character_start(a, difference.byte);
  const Surroundings first = around(a, at);
  const Surroundings second = around(b, at);
  const std::size_t width = std::max(name_a.size(), name_b.size()) + 2;
  std::string out = fmt::format("{:<{}}{}{}\n", name_a, width, first.before, first.behind);
  out += fmt::format("{:<{}}{}{}\n", name_b, width, second.before, second.behind);
  return out + std::string(width + columns_of(first.before), ' ') + "^\n";
}

}  // namespace ackd
