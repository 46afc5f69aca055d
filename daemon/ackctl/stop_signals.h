// Ctrl-C and SIGTERM as something to look at and to poll, for verbs that end cleanly instead of being cut off.
#pragma once

#include "base/time.h"
#include "base/unique_fd.h"

namespace ackd {

class StopSignals {
 public:
  // From here on the two signals end nothing by themselves: they are blocked in this thread and in every later one.
  StopSignals();

  // Whether one has come. It stays so.
  bool raised() const;
  // Waits for one, but not longer than `limit`; returns raised().
  bool wait(Duration limit) const;
  // Readable once one has come; never read by anybody.
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
};

}  // namespace ackd
