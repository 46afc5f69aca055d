// Text of strangers on an operator's terminal. A merchant's answer or an order number may hold escape sequences that
// retitle the window, move the cursor over an earlier line, or reverse the reading order of an amount.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ackd {

// The text with everything that a terminal obeys or hides made visible: controls (C0, DEL, C1) as \n \r \t \xNN,
// bidirectional marks, invisible and unassignable characters as \u{NNNN}, bytes that are not UTF-8 as \xNN. Backslashes
// stay as they are: the purpose is safety, and reasons arrive with escapes of their own.
std::string printable(std::string_view text);

// The same for a finished JSON text, where such characters can only stand inside strings: each becomes \uXXXX.
// REQUIRES: valid UTF-8.
std::string printable_json(std::string_view json);

// Columns that the text takes on a terminal: East Asian wide characters count two. REQUIRES: printable() made it.
std::size_t columns_of(std::string_view text);

}  // namespace ackd
