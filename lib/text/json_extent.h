// Where a JSON value ends, without reading it: so that a long array can be cut into its elements, and each be read when
// its turn comes. Whether the text is JSON is for read_json() to say.
#pragma once

#include <cstddef>
#include <string_view>

namespace ackd {

// The first place at or behind `at` that is no blank of JSON; text.size() when there is none.
std::size_t skip_json_blanks(std::string_view text, std::size_t at);

// The place of the ',', ']' or '}' that ends the value beginning at `at`, or text.size() when nothing does. Of what is
// not JSON it returns some place behind `at`.
std::size_t json_value_end(std::string_view text, std::size_t at);

}  // namespace ackd
