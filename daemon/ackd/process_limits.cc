#include "ackd/process_limits.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

namespace ackd {

void prepare_process() {
  ::umask(077);
  std::signal(SIGPIPE, SIG_IGN);
  // Of a limit on the size of files: then the write fails, and that is handled like every failed write.
  std::signal(SIGXFSZ, SIG_IGN);
  // Reserved for reloading the configuration; until then a stray SIGHUP must not end the daemon.
  std::signal(SIGHUP, SIG_IGN);
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return;
  descriptors.rlim_cur = descriptors.rlim_max;
  // Failing leaves the smaller limit, which the transport reads and keeps to.
  ::setrlimit(RLIMIT_NOFILE, &descriptors);
}

std::size_t descriptors_max() {
  rlimit descriptors{};
  ::getrlimit(RLIMIT_NOFILE, &descriptors);
  return static_cast<std::size_t>(descriptors.rlim_cur);
}

}  // namespace ackd
