// Where the API may be reached: paths of unix sockets, and TCP on loopback.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ackd {

struct TcpAddress {
  std::string host;  // an address, without brackets
  std::uint16_t port = 0;

  bool is_v6() const { return host.find(':') != std::string::npos; }
};

// "127.0.0.1:8081", "[::1]:8081".
std::string to_string(const TcpAddress& address);

// Whether `text` means an address rather than a path: it holds no slash, and a colon or nothing but digits.
bool is_tcp_address(std::string_view text);

// Refuses whatever is not an address of loopback with a port, and says why: without tokens and TLS anybody who reaches
// the port could send and read payment notifications.
Result<TcpAddress> parse_tcp_address(std::string_view text);

}  // namespace ackd
