// One line that tells how far a long work has come, written over itself on a terminal. Where standard error is none,
// nothing is written: a log gets the result alone.
#pragma once

#include <string_view>

namespace ackd {

class Progress {
 public:
  Progress();
  // Clears the line, so that the result stands in its place.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Replaces the line. Call it some times a second, not for every item.
  void show(std::string_view text);
  // Clears the line before something else is said on standard error.
  void clear();

 private:
  bool is_seen_;
  bool is_written_ = false;
};

}  // namespace ackd
