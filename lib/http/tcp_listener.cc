#include "http/tcp_listener.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace ackd {
namespace {

// As for the unix socket: more only hides that ackd does not keep up.
constexpr int kBacklog = 512;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t bytes = 0;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress socket_address(const TcpAddress& address) {
  SocketAddress out;
  if (address.is_v6()) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out.storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    ::inet_pton(AF_INET6, address.host.c_str(), &v6.sin6_addr);
    out.bytes = sizeof(v6);
    return out;
  }
  auto& v4 = reinterpret_cast<sockaddr_in&>(out.storage);
  v4.sin_family = AF_INET;
  v4.sin_port = htons(address.port);
  ::inet_pton(AF_INET, address.host.c_str(), &v4.sin_addr);
  out.bytes = sizeof(v4);
  return out;
}

std::uint16_t port_of(SocketAddress address) {
  const bool is_v6 = address.storage.ss_family == AF_INET6;
  return ntohs(is_v6 ? reinterpret_cast<sockaddr_in6&>(address.storage).sin6_port
                     : reinterpret_cast<sockaddr_in&>(address.storage).sin_port);
}

}  // namespace

Result<TcpListener> TcpListener::open(const TcpAddress& address) {
  const auto trouble = [&](const char* what) {
    return Error{
        errno == EADDRINUSE ? ErrorCode::kConflict : ErrorCode::kIo,
        fmt::format("cannot {} {}: {}; set another port as `listen`", what, to_string(address), std::strerror(errno)),
        "listen"};
  };
  SocketAddress where = socket_address(address);
  UniqueFd fd(::socket(where.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return trouble("make a socket for");
  // A restart must not wait for the connections of the last run to be forgotten. It takes no port from anybody.
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (::bind(fd.get(), where.get(), where.bytes) != 0) return trouble("bind");
  if (::listen(fd.get(), kBacklog) != 0) return trouble("listen on");
  if (::getsockname(fd.get(), where.get(), &where.bytes) != 0) return trouble("look at");
  return TcpListener(std::move(fd), {address.host, port_of(where)});
}

}  // namespace ackd
