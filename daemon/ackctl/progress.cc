#include "ackctl/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "ackctl/printable.h"

namespace ackd {

Progress::Progress() : is_seen_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  clear();
}

void Progress::show(std::string_view text) {
  if (!is_seen_) return;
  fmt::print(stderr, "\r{}\x1b[K", printable(text));
  std::fflush(stderr);
  is_written_ = true;
}

void Progress::clear() {
  if (!is_written_) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  is_written_ = false;
}

}  // namespace ackd
