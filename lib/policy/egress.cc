#include "policy/egress.h"

#include <arpa/inet.h>
#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "policy/allowed_hosts.h"

namespace ackd {
namespace {

constexpr std::size_t kV4Offset = 12;
constexpr int kV4PrefixBits = 96;

struct SpecialRange {
  Cidr range;
  const char* what;
};

constexpr IpAddress v4_address(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}};
}

constexpr Cidr v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d, int bits) {
  return {v4_address(a, b, c, d), kV4PrefixBits + bits};
}

// The first 96 bits are enough for every range below but ::1.
constexpr Cidr v6(std::array<std::uint16_t, 6> groups, int bits, std::uint8_t last = 0) {
  Cidr range{{}, bits};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    range.base.bytes[2 * i] = static_cast<std::uint8_t>(groups[i] >> 8);
    range.base.bytes[2 * i + 1] = static_cast<std::uint8_t>(groups[i] & 0xff);
  }
  range.base.bytes[15] = last;
  return range;
}

// The IANA special-purpose registries, the metadata addresses of clouds, and every IPv6 form that carries an IPv4
// address inside (a translator on the way would deliver it to the very hosts that are refused here). The first match
// names the reason, so narrow ranges come first.
constexpr SpecialRange kSpecialRanges[] = {
    {v4(127, 0, 0, 0, 8), "loopback"},
    {v4(0, 0, 0, 0, 8), "\"this network\", which Linux treats as loopback"},
    {v4(10, 0, 0, 0, 8), "a private network"},
    {v4(172, 16, 0, 0, 12), "a private network"},
    {v4(192, 168, 0, 0, 16), "a private network"},
    {v4(169, 254, 0, 0, 16), "link-local, where clouds serve instance metadata and credentials"},
    {v4(168, 63, 129, 16, 32), "a cloud's metadata and management address"},
    {v4(100, 64, 0, 0, 10), "shared carrier space, where clouds serve metadata too"},
    {v4(192, 0, 0, 0, 24), "reserved for protocol assignments"},
    {v4(192, 0, 2, 0, 24), "reserved for documentation"},
    {v4(198, 51, 100, 0, 24), "reserved for documentation"},
    {v4(203, 0, 113, 0, 24), "reserved for documentation"},
    {v4(192, 88, 99, 0, 24), "the retired 6to4 relay range"},
    {v4(198, 18, 0, 0, 15), "reserved for benchmarks"},
    {v4(224, 0, 0, 0, 4), "multicast"},
    {v4(255, 255, 255, 255, 32), "the broadcast address"},
    {v4(240, 0, 0, 0, 4), "reserved"},
    {v6({}, 128, 1), "loopback"},
    {v6({}, 128), "the unspecified address, which Linux treats as loopback"},
    {v6({}, 96), "an IPv4-compatible address"},
    {v6({0, 0, 0, 0, 0xffff, 0}, 96), "an IPv4-translated address"},
    {v6({0x64, 0xff9b}, 96), "a NAT64 address"},
    {v6({0x64, 0xff9b, 1}, 48), "a local NAT64 address"},
    {v6({0x100}, 64), "the discard range"},
    {v6({0x2001}, 32), "a Teredo address"},
    {v6({0x2001}, 23), "reserved for protocol assignments"},
    {v6({0x2001, 0x0db8}, 32), "reserved for documentation"},
    {v6({0x2002}, 16), "a 6to4 address"},
    {v6({0x3fff}, 20), "reserved for documentation"},
    {v6({0x5f00}, 16), "reserved for segment routing"},
    {v6({0xfc00}, 7), "a private network"},
    {v6({0xfe80}, 10), "link-local"},
    {v6({0xfec0}, 10), "site-local"},
    {v6({0xff00}, 8), "multicast"},
};

constexpr Cidr kAllV4 = v4(0, 0, 0, 0, 0);
constexpr Cidr kGlobalV6 = v6({0x2000}, 3);

EgressVerdict refused(const IpAddress& address, std::string_view what, std::string_view range) {
  return {false,
          fmt::format("{} is {} ({}); list it under egress.allow to permit it", to_string(address), what, range)};
}

// What a rule says, of everybody or of the merchant.
template <class Says>
bool either(const EgressPolicy& policy, const EgressRules* merchants, Says says) {
  return says(policy.rules) || (merchants != nullptr && says(*merchants));
}

bool holds(const std::vector<Cidr>& ranges, const IpAddress& address) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const Cidr& range) { return contains(range, address); });
}

bool holds(const std::vector<PortRange>& ranges, std::uint16_t port) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const PortRange& range) { return range.first <= port && port <= range.last; });
}

// Linux delivers to a loopback listener what is sent to the unspecified address.
bool is_own(const SocketAddress& listener, const IpAddress& address, std::uint16_t port) {
  static constexpr IpAddress kUnspecifiedV4 = v4_address(0, 0, 0, 0);
  return listener.port == port && (listener.address == address || address == kUnspecifiedV4 || address == IpAddress{});
}

EgressVerdict judge_special(const IpAddress& address) {
  for (const SpecialRange& special : kSpecialRanges) {
    if (contains(special.range, address)) return refused(address, special.what, to_string(special.range));
  }
  // Whatever IANA has not given out as global unicast is nobody's merchant.
  if (!is_v4(address) && !contains(kGlobalV6, address)) {
    return refused(address, "not a global unicast address", "outside 2000::/3");
  }
  return {true, {}};
}

std::optional<std::uint16_t> read_port(std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port == 0) return std::nullopt;
  return port;
}

}  // namespace

bool is_v4(const IpAddress& address) {
  return contains(kAllV4, address);
}

Result<IpAddress> parse_ip(std::string_view text) {
  const std::string terminated(text);  // inet_pton wants a terminator; a NUL inside would hide what follows it
  IpAddress address = v4_address(0, 0, 0, 0);
  const bool whole = terminated.find('\0') == std::string::npos;
  if (whole && inet_pton(AF_INET, terminated.c_str(), address.bytes.data() + kV4Offset) == 1) return address;
  if (whole && inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  return invalid(fmt::format("'{}' is not an IP address such as 203.0.113.7 or 2001:db8::7", text));
}

std::string to_string(const IpAddress& address) {
  if (is_v4(address)) {
    const std::uint8_t* const part = address.bytes.data() + kV4Offset;
    return fmt::format(FMT_COMPILE("{}.{}.{}.{}"), part[0], part[1], part[2], part[3]);
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(AF_INET6, address.bytes.data(), text.data(), text.size());
  return text.data();
}

Result<Cidr> parse_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  const Result<IpAddress> base = parse_ip(text.substr(0, slash));
  if (!base) return invalid(fmt::format("'{}' is not a range such as 10.0.0.0/8 or fd00::/8", text));
  if (slash == std::string_view::npos) return Cidr{*base, 128};
  const std::string_view digits = text.substr(slash + 1);
  const int shift = text.substr(0, slash).find(':') == std::string_view::npos ? kV4PrefixBits : 0;
  int bits = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc{} || end != digits.data() + digits.size() || bits < 0 || bits + shift > 128) {
    return invalid(fmt::format("'{}' has no prefix length from 0 to {}", text, 128 - shift));
  }
  return Cidr{*base, bits + shift};
}

std::string to_string(const Cidr& range) {
  const bool short_form = is_v4(range.base) && range.prefix_bits >= kV4PrefixBits;
  return fmt::format("{}/{}", to_string(range.base), range.prefix_bits - (short_form ? kV4PrefixBits : 0));
}

std::string to_string(const SocketAddress& address) {
  const std::string ip = to_string(address.address);
  if (is_v4(address.address)) return fmt::format(FMT_COMPILE("{}:{}"), ip, address.port);
  return fmt::format(FMT_COMPILE("[{}]:{}"), ip, address.port);
}

bool contains(const Cidr& range, const IpAddress& address) {
  const auto whole_bytes = static_cast<std::size_t>(range.prefix_bits / 8);
  if (!std::equal(range.base.bytes.begin(), range.base.bytes.begin() + range.prefix_bits / 8, address.bytes.begin())) {
    return false;
  }
  const int rest = range.prefix_bits % 8;
  if (rest == 0) return true;
  return ((range.base.bytes[whole_bytes] ^ address.bytes[whole_bytes]) >> (8 - rest)) == 0;
}

Result<PortRange> parse_ports(std::string_view text) {
  const std::size_t dash = text.find('-');
  const std::optional<std::uint16_t> first = read_port(text.substr(0, dash));
  const std::optional<std::uint16_t> last = dash == std::string_view::npos ? first : read_port(text.substr(dash + 1));
  if (first && last && *first <= *last) return PortRange{*first, *last};
  return invalid(fmt::format("'{}' is not a port such as 8443, or ports such as 8000-8999, from 1 to 65535", text));
}

std::string to_string(const PortRange& range) {
  return range.first == range.last ? fmt::format("{}", range.first) : fmt::format("{}-{}", range.first, range.last);
}

EgressVerdict judge_target(const EgressPolicy& policy, const EgressRules* merchants, std::string_view host,
                           std::uint16_t port) {
  const auto denies = [&](const EgressRules& rules) { return names_host(rules.deny_hosts, host); };
  if (either(policy, merchants, denies))
    return {false, fmt::format("the host {} is denied by egress.deny_hosts", host)};
  const bool listed = policy.rules.allow_hosts.empty() || names_host(policy.rules.allow_hosts, host);
  if (!listed && (merchants == nullptr || !names_host(merchants->allow_hosts, host))) {
    return {false, fmt::format("the host {} is not among egress.allow_hosts; list it there to permit it", host)};
  }
  if (either(policy, merchants, [&](const EgressRules& rules) { return holds(rules.ports, port); })) return {true, {}};
  return {false, fmt::format("port {} is not among egress.ports; list it there to permit it", port)};
}

EgressVerdict judge_address(const EgressPolicy& policy, const EgressRules* merchants, const IpAddress& address,
                            std::uint16_t port) {
  const auto is_ours = [&](const SocketAddress& listener) { return is_own(listener, address, port); };
  if (std::any_of(policy.own.begin(), policy.own.end(), is_ours)) {
    return {false, fmt::format("{} with port {} is where ackd itself listens", to_string(address), port)};
  }
  if (either(policy, merchants, [&](const EgressRules& rules) { return holds(rules.deny, address); })) {
    return {false, fmt::format("{} is denied by egress.deny", to_string(address))};
  }
  if (either(policy, merchants, [&](const EgressRules& rules) { return holds(rules.allow, address); })) {
    return {true, {}};
  }
  return judge_special(address);
}

}  // namespace ackd
