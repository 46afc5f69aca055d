#include "ackd/process_limits.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <new>
#include <string_view>

namespace ackd {
namespace {

// sysexits.h: something that the system should have given.
constexpr int kExitWithoutMemory = 71;

// Called by operator new where it would throw. Some library between here and main might catch that and go on with half
// of what it had to do; nothing that was recorded is in danger when the process ends instead. Allocates nothing.
void end_without_memory() {
  constexpr std::string_view kSentence =
      "ackd: there is no memory left; ackd ends at once. What was accepted is on record, and what was in flight is "
      "recorded as possibly sent by the next start. Give it more memory, or lower ingest.memory_max\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kSentence.data(), kSentence.size());
  std::_Exit(kExitWithoutMemory);
}

}  // namespace

void prepare_process() {
  ::umask(077);
  std::set_new_handler(end_without_memory);
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
