// Which addresses ackd may connect to. Pure; asked for every resolved address and again at the socket.
// A first policy: loopback and everything else that is not listed in `allow` is judged by a fixed list of special
// ranges.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ackd {

// An IPv4 or IPv6 address as bytes. IPv4 is kept in its v4-mapped form, so one comparison serves both.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

Result<IpAddress> parse_ip(std::string_view text);
std::string to_string(const IpAddress& address);

struct Cidr {
  IpAddress base;
  int prefix_bits = 0;  // counted in the 128-bit form: 127.0.0.0/8 is 104 bits
};

// "127.0.0.0/8", "::1/128", or a bare address for exactly that one.
Result<Cidr> parse_cidr(std::string_view text);
bool contains(const Cidr& range, const IpAddress& address);

struct EgressPolicy {
  std::vector<Cidr> allow;  // wins over the built-in refusals
};

struct EgressVerdict {
  bool allowed = false;
  std::string reason;  // "127.0.0.1 is loopback (127.0.0.0/8); list it under egress.allow to permit it"
};

EgressVerdict judge_address(const EgressPolicy& policy, const IpAddress& address);

}  // namespace ackd
