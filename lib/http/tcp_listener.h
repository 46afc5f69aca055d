// A listening TCP socket on loopback. There are no tokens and no TLS, so whoever reaches the port may do everything;
// and every process of the machine reaches it, browsers too, which is what refuse_browser() is for.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "config/listen_address.h"

namespace ackd {

class TcpListener {
 public:
  // REQUIRES: the address is one that parse_tcp_address() returned, hence on loopback. Port 0 lets the system choose.
  static Result<TcpListener> open(const TcpAddress& address);

  int fd() const { return fd_.get(); }
  // Where it really listens.
  const TcpAddress& address() const { return address_; }

 private:
  TcpListener(UniqueFd fd, TcpAddress address) : fd_(std::move(fd)), address_(std::move(address)) {}

  UniqueFd fd_;
  TcpAddress address_;
};

}  // namespace ackd
