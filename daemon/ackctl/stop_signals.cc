#include "ackctl/stop_signals.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <cerrno>

#include "base/check.h"

namespace ackd {

StopSignals::StopSignals() {
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGINT);
  sigaddset(&stops, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stops, nullptr);
  fd_ = UniqueFd(signalfd(-1, &stops, SFD_CLOEXEC));
  CHECK_THAT(fd_.valid(), "there is no descriptor for signals");
}

bool StopSignals::raised() const {
  return wait(Duration(0));
}

bool StopSignals::wait(Duration limit) const {
  pollfd one{fd_.get(), POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&one, 1, static_cast<int>(limit.count()));
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace ackd
