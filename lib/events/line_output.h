// Lines to a descriptor that somebody else reads, without ever waiting for them: a log collector that has stopped
// reading, or a terminal that is stopped, would otherwise stop the loop and with it every delivery.
//
// What cannot be written at once is dropped. The rest of a line that was cut off is not sent later; the next line
// begins on a line of its own.
#pragma once

#include <string_view>

namespace ackd {

class LineOutput {
 public:
  // The descriptor stays the caller's, and blocking: its other users share the setting.
  explicit LineOutput(int descriptor) : descriptor_(descriptor) {}

  // With its end of line. False: it was dropped, because there is no room or the write failed.
  bool write(std::string_view line);

 private:
  bool write_all(std::string_view bytes);

  int descriptor_;
  bool cut_off_ = false;  // the last line is there in part
};

}  // namespace ackd
