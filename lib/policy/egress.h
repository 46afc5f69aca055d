// Where ackd may connect to. Pure; asked for the host and port of every URL, then for every resolved address, and again
// at the socket.
//
// Merchants type the URLs that are called from inside a payment network. So by default only the public Internet may be
// reached, on the two ports of the web; everything else is for operators to list.
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

bool is_v4(const IpAddress& address);
Result<IpAddress> parse_ip(std::string_view text);
std::string to_string(const IpAddress& address);

struct Cidr {
  IpAddress base;
  int prefix_bits = 0;  // counted in the 128-bit form: 127.0.0.0/8 is 104 bits
};

// "127.0.0.0/8", "::1/128", or a bare address for exactly that one.
Result<Cidr> parse_cidr(std::string_view text);
std::string to_string(const Cidr& range);
bool contains(const Cidr& range, const IpAddress& address);

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
};

// "443", or "8000-8999" for all of them.
Result<PortRange> parse_ports(std::string_view text);
std::string to_string(const PortRange& range);

struct EgressRules {
  std::vector<Cidr> allow;  // wins over the built-in refusals
  std::vector<Cidr> deny;   // wins over everything
  std::vector<PortRange> ports;
  std::vector<std::string> allow_hosts;  // patterns (policy/allowed_hosts.h); none: every host
  std::vector<std::string> deny_hosts;   // patterns; wins over allow_hosts
};

struct SocketAddress {
  IpAddress address;
  std::uint16_t port = 0;
};
std::string to_string(const SocketAddress& address);  // "192.0.2.1:3128", "[2001:db8::1]:3128"

struct EgressPolicy {
  EgressRules rules{.allow = {}, .deny = {}, .ports = {{80, 80}, {443, 443}}, .allow_hosts = {}, .deny_hosts = {}};
  std::vector<SocketAddress> own;  // where ackd itself listens: a notification must never come in there as a request
};

struct EgressVerdict {
  bool allowed = false;
  std::string reason;  // "127.0.0.1 is loopback (127.0.0.0/8); list it under egress.allow to permit it"
};

// What stands in a URL. `merchants` are the merchant's rules on top of everybody's, or nullptr: they allow and deny
// more, and cannot allow what everybody is denied. REQUIRES: a host as parse_url() returns it.
EgressVerdict judge_target(const EgressPolicy& policy, const EgressRules* merchants, std::string_view host,
                           std::uint16_t port);

// One address that the host resolved to.
EgressVerdict judge_address(const EgressPolicy& policy, const EgressRules* merchants, const IpAddress& address,
                            std::uint16_t port);

}  // namespace ackd
