#include "text/url.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>

#include "model/notification.h"

namespace ackd {
namespace {

constexpr std::size_t kHostBytesMax = 253;
constexpr std::size_t kLabelBytesMax = 63;

Error refused(std::string why) {
  return invalid("the URL " + std::move(why), "url");
}

Error too_long(std::size_t bytes) {
  return {ErrorCode::kTooLarge, fmt::format("the URL has {} bytes, more than the limit of {}", bytes, kUrlBytesMax),
          "url"};
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), to_lower);
  return out;
}

bool take_scheme(std::string_view& rest, bool& tls) {
  const std::string start = lower_case(rest.substr(0, 8));
  tls = start == "https://";
  if (!tls && !start.starts_with("http://")) return false;
  rest.remove_prefix(tls ? 8 : 7);
  return true;
}

bool is_odd_byte(char c) {
  return c <= ' ' || c > '~' || c == '\\';
}

// Whether a resolver or libcurl might take the name for an IPv4 address: its last label is a decimal or hex number.
// Such a name must be a plain dotted quad, or it would mean one thing to the egress policy and another to the socket.
bool looks_like_ipv4(std::string_view host) {
  const std::string_view last = host.substr(host.rfind('.') + 1);
  return !last.empty() && (std::all_of(last.begin(), last.end(), is_digit) || last.starts_with("0x"));
}

bool is_dotted_quad(const std::string& host) {
  // inet_pton takes exactly four decimal numbers and refuses leading zeros.
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool is_label(std::string_view label) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_'; };
  return !label.empty() && label.size() <= kLabelBytesMax && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), fits);
}

bool is_name(std::string_view host) {
  if (host.size() > kHostBytesMax) return false;
  for (;;) {
    const std::size_t dot = host.find('.');
    if (!is_label(host.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    host.remove_prefix(dot + 1);
  }
}

Result<std::string> parse_name(std::string_view spelled) {
  std::string host = lower_case(spelled);
  if (host.empty()) return refused("has no host");
  if (looks_like_ipv4(host)) {
    if (is_dotted_quad(host)) return host;
    return refused(fmt::format("has the host '{}', an odd spelling of an IPv4 address; write it as a.b.c.d", spelled));
  }
  if (!is_name(host)) {
    return refused(
        fmt::format("has the host '{}', which is no host name: labels of letters, digits, '-' and '_', up to {} bytes",
                    spelled, kHostBytesMax));
  }
  return host;
}

// `spelled` is what stands between the brackets. A zone id ("%eth0") is refused: it names an interface of this machine.
Result<std::string> parse_ipv6(std::string_view spelled) {
  in6_addr address{};
  if (inet_pton(AF_INET6, std::string(spelled).c_str(), &address) != 1) {
    return refused(fmt::format("has '[{}]' for a host, which is not an IPv6 address", spelled));
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(AF_INET6, &address, text.data(), text.size());
  return std::string(text.data());
}

Result<std::uint16_t> parse_port(std::string_view digits) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  if (!whole || digits.front() == '0' || port > 65535) {
    return refused(fmt::format("has the port '{}'; write a number from 1 to 65535, or leave ':' out", digits));
  }
  return static_cast<std::uint16_t>(port);
}

Status parse_authority(std::string_view authority, Url& url) {
  if (authority.find('@') != std::string_view::npos) {
    return refused("holds a user name or password; leave out what stands before '@'");
  }
  const bool v6 = authority.starts_with('[');
  const std::size_t host_end = v6 ? authority.find(']') : authority.find(':');
  if (v6 && host_end == std::string_view::npos) return refused("has a '[' without its ']'");
  Result<std::string> host =
      v6 ? parse_ipv6(authority.substr(1, host_end - 1)) : parse_name(authority.substr(0, host_end));
  if (!host) return host.error();
  url.host = *std::move(host);
  url.port = url.tls ? 443 : 80;

  const std::string_view tail =
      host_end == std::string_view::npos ? std::string_view() : authority.substr(v6 ? host_end + 1 : host_end);
  if (tail.empty()) return Done{};
  if (!tail.starts_with(':')) return refused("has something other than a port behind ']'");
  const Result<std::uint16_t> port = parse_port(tail.substr(1));
  if (!port) return port.error();
  url.port = *port;
  return Done{};
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  if (text.size() > kUrlBytesMax) return too_long(text.size());
  if (std::any_of(text.begin(), text.end(), is_odd_byte)) {
    return refused("holds a blank, a control or non-ASCII byte or a backslash; percent-encode it");
  }
  Url url;
  std::string_view rest = text;
  if (!take_scheme(rest, url.tls)) return refused("must begin with http:// or https://");

  rest = rest.substr(0, rest.find('#'));
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  rest.remove_prefix(authority.size());
  if (const Status parsed = parse_authority(authority, url); !parsed) return parsed.error();

  const std::size_t question = rest.find('?');
  url.path = rest.substr(0, question);
  if (url.path.empty()) url.path = "/";
  if (question != std::string_view::npos) url.query = rest.substr(question + 1);
  // The '/' of a missing path makes it longer, and what is on record must be taken again at every attempt.
  if (const std::size_t canonical_bytes = url.text().size(); canonical_bytes > kUrlBytesMax) {
    return too_long(canonical_bytes);
  }
  return url;
}

}  // namespace ackd
