#include "http/accepting.h"

#include <poll.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace ackd {

bool somebody_waits(int listening_fd) {
  pollfd waiting{listening_fd, POLLIN, 0};
  return ::poll(&waiting, 1, 0) == 1;
}

bool out_of_descriptors(int any_fd) {
  return !UniqueFd(::dup(any_fd)).valid();
}

}  // namespace ackd
