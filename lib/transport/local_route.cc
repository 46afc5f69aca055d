#include "transport/local_route.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <string>

#include "base/unique_fd.h"

namespace ackd {
namespace {

// Any but 0 will do: nothing is sent there.
constexpr std::uint16_t kPort = 9;

// Connecting a datagram socket looks the route up and leaves it at that.
bool connects(int family, const void* address, socklen_t bytes) {
  const UniqueFd probe(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return probe.valid() && ::connect(probe.get(), static_cast<const sockaddr*>(address), bytes) == 0;
}

}  // namespace

bool has_route(const IpAddress& address) {
  if (to_string(address).find(':') == std::string::npos) {
    // As what it is: the mapped form would need IPv6, which may be switched off.
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(kPort);
    std::memcpy(&to.sin_addr, address.bytes.data() + 12, 4);
    return connects(AF_INET, &to, sizeof(to));
  }
  sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  to.sin6_port = htons(kPort);
  std::memcpy(&to.sin6_addr, address.bytes.data(), 16);
  return connects(AF_INET6, &to, sizeof(to));
}

}  // namespace ackd
