// Whole numbers as text, in the one spelling that std::to_string() gives them: what is handed out (an id, a cursor) and
// passed back must not mean the same in two spellings.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>

namespace ackd {

// Nothing for leading zeros, blanks, signs other than a needed '-', or what the type cannot hold.
template <std::integral Number>
std::optional<Number> parse_decimal(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || std::to_string(number) != text) return std::nullopt;
  return number;
}

}  // namespace ackd
