// Where two texts part, shown so that an eye finds it: signed strings differ in one blank out of five hundred bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ackd {

struct TextDifference {
  std::size_t byte = 0;  // where they part, counted from 0
  std::size_t line = 1;  // of the first text, counted from 1
};

// Nothing when the texts are equal.
std::optional<TextDifference> find_difference(std::string_view a, std::string_view b);

// The two lines around the difference, shortened to its surroundings and made printable, each behind its name, and a
// caret under the first character that differs. Ends with a line end.
std::string show_difference(const TextDifference& difference, std::string_view name_a, std::string_view a,
                            std::string_view name_b, std::string_view b);

}  // namespace ackd
