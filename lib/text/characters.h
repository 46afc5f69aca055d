// The characters of a stranger's text, for whatever shows it to people: a terminal, a log, a sentence, a JSON answer.
// One table for all of them, so that what one makes visible no other lets through.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ackd {

struct Character {
  char32_t code = 0;
  std::size_t bytes = 0;  // 0: the first byte begins no character of UTF-8
};

// REQUIRES: not empty.
Character first_character(std::string_view text);

// C0, DEL and C1: what a terminal obeys.
bool is_control(char32_t c);

// What is shown as nothing or as who knows what, or turns the reading order of the text around it: soft hyphen, zero
// width, bidirectional and invisible marks, line and paragraph separators, fillers, the byte order mark, private use,
// tags.
bool is_hidden(char32_t c);

// A finished JSON text in which controls and hidden characters, which can only stand inside strings, are written
// \uXXXX. REQUIRES: valid UTF-8 on one line.
std::string json_without_hidden(std::string json);

}  // namespace ackd
