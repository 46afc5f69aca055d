// A stranger's bytes inside a sentence for people.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ackd {

// The first `bytes_max` bytes between single quotes, "..." behind them when there are more. Always valid UTF-8 on one
// line: line ends and tabs as \n \r \t; other control characters (the C1 range too, which terminals obey), invisible
// characters such as a byte order mark, and bytes that are not UTF-8 as \xNN.
std::string quoted_excerpt(std::string_view bytes, std::size_t bytes_max);

// The same without the quotes, for a sentence that quotes a stranger somewhere inside.
std::string excerpt(std::string_view bytes, std::size_t bytes_max);

}  // namespace ackd
