// One line at the bottom of a terminal that is rewritten while something goes on. Nothing at all where standard error
// is no terminal: a log wants no such lines.
#pragma once

#include <cstddef>
#include <string_view>

namespace ackd {

class ProgressLine {
 public:
  explicit ProgressLine(bool visible) : visible_(visible) {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  bool visible() const { return visible_; }
  // REQUIRES: printable text.
  void show(std::string_view text);
  // Before anything else is written there.
  void clear();

 private:
  bool visible_;
  std::size_t columns_ = 0;
};

}  // namespace ackd
