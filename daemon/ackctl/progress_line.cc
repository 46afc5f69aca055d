#include "ackctl/progress_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "ackctl/printable.h"

namespace ackd {

void ProgressLine::show(std::string_view text) {
  if (!visible_) return;
  const std::size_t columns = columns_of(text);
  // Blanks over what a longer line left, instead of an escape sequence that not every terminal knows.
  const std::size_t left_over = columns_ - std::min(columns_, columns);
  fmt::print(stderr, "\r{}{:{}}\r", text, "", left_over);
  std::fflush(stderr);
  columns_ = columns;
}

void ProgressLine::clear() {
  if (columns_ > 0) show("");
}

}  // namespace ackd
