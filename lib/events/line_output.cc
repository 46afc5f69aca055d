#include "events/line_output.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace ackd {
namespace {

bool has_room(int descriptor) {
  pollfd asked{descriptor, POLLOUT, 0};
  return ::poll(&asked, 1, 0) == 1 && (asked.revents & POLLOUT) != 0;
}

}  // namespace

bool LineOutput::write(std::string_view line) {
  if (cut_off_ && write_all("\n")) cut_off_ = false;
  return !cut_off_ && write_all(line);
}

// A pipe that says it has room takes PIPE_BUF bytes without waiting, and not more for certain; a socket takes more.
bool LineOutput::write_all(std::string_view bytes) {
  bool begun = false;
  while (!bytes.empty()) {
    const ssize_t written =
        has_room(descriptor_) ? ::write(descriptor_, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF)) : 0;
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      cut_off_ = cut_off_ || begun;
      return false;
    }
    begun = true;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace ackd
