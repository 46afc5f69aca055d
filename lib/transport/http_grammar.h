// The characters that HTTP/1.1 allows where (RFC 9110, 5.5 and 5.6.2), as strictly as it writes them. Shared by what
// reads answers and what checks requests, so that the two cannot drift apart.
#pragma once

#include <strings.h>

#include <algorithm>
#include <string_view>

namespace ackd {

inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

inline bool is_token_character(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || kMarks.find(c) != std::string_view::npos;
}

// A header's name, for one.
inline bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

// What a header's value may hold: visible characters, blanks, tabs, and bytes above ASCII, whose charset nobody knows.
inline bool is_field_content(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= ' ' && byte != 0x7F);
}

inline bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace ackd
