#include "http/peer.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

namespace ackd {
namespace {

constexpr const char* kUnknown = "unknown";

std::string user_of(int fd) {
  ucred who{};
  socklen_t bytes = sizeof(who);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &bytes) != 0) return kUnknown;
  return fmt::format("uid {}", who.uid);
}

}  // namespace

std::string peer_of(int fd) {
  sockaddr_storage address{};
  socklen_t bytes = sizeof(address);
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &bytes) != 0) return kUnknown;
  if (address.ss_family == AF_UNIX) return user_of(fd);
  const void* where = &reinterpret_cast<const sockaddr_in&>(address).sin_addr;
  if (address.ss_family == AF_INET6) where = &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  std::array<char, INET6_ADDRSTRLEN> text{};
  return ::inet_ntop(address.ss_family, where, text.data(), text.size()) == nullptr ? kUnknown : text.data();
}

}  // namespace ackd
