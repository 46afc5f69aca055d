#include "policy/egress.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

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

bool is_v4(const IpAddress& address) {
  return contains(kAllV4, address);
}

std::string range_text(const Cidr& range) {
  const bool short_form = is_v4(range.base) && range.prefix_bits >= kV4PrefixBits;
  return fmt::format("{}/{}", to_string(range.base), range.prefix_bits - (short_form ? kV4PrefixBits : 0));
}

EgressVerdict refused(const IpAddress& address, std::string_view what, std::string_view range) {
  return {false,
          fmt::format("{} is {} ({}); list it under egress.allow to permit it", to_string(address), what, range)};
}

}  // namespace

Result<IpAddress> parse_ip(std::string_view text) {
  const std::string terminated(text);  // inet_pton wants a terminator; a NUL inside would hide what follows it
  IpAddress address = v4_address(0, 0, 0, 0);
  const bool whole = terminated.find('\0') == std::string::npos;
  if (whole && inet_pton(AF_INET, terminated.c_str(), address.bytes.data() + kV4Offset) == 1) return address;
  if (whole && inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  return invalid(fmt::format("'{}' is not an IP address such as 203.0.113.7 or 2001:db8::7", text));
}

std::string to_string(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_v4(address)) {
    inet_ntop(AF_INET, address.bytes.data() + kV4Offset, text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, address.bytes.data(), text.data(), text.size());
  }
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

bool contains(const Cidr& range, const IpAddress& address) {
  const auto whole_bytes = static_cast<std::size_t>(range.prefix_bits / 8);
  if (!std::equal(range.base.bytes.begin(), range.base.bytes.begin() + range.prefix_bits / 8, address.bytes.begin())) {
    return false;
  }
  const int rest = range.prefix_bits % 8;
  if (rest == 0) return true;
  return ((range.base.bytes[whole_bytes] ^ address.bytes[whole_bytes]) >> (8 - rest)) == 0;
}

EgressVerdict judge_address(const EgressPolicy& policy, const IpAddress& address) {
  const auto holds_it = [&](const Cidr& range) { return contains(range, address); };
  if (std::any_of(policy.allow.begin(), policy.allow.end(), holds_it)) return {true, {}};
  for (const SpecialRange& special : kSpecialRanges) {
    if (contains(special.range, address)) return refused(address, special.what, range_text(special.range));
  }
  // Whatever IANA has not given out as global unicast is nobody's merchant.
  if (!is_v4(address) && !contains(kGlobalV6, address)) {
    return refused(address, "not a global unicast address", "outside 2000::/3");
  }
  return {true, {}};
}

}  // namespace ackd
