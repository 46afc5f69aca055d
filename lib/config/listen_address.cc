#include "config/listen_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace ackd {
namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_loopback(const std::string& host) {
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace

std::string to_string(const TcpAddress& address) {
  return address.is_v6() ? fmt::format("[{}]:{}", address.host, address.port)
                         : fmt::format("{}:{}", address.host, address.port);
}

bool is_tcp_address(std::string_view text) {
  if (text.find('/') != std::string_view::npos) return false;
  return text.find(':') != std::string_view::npos || is_digits(text);
}

Result<TcpAddress> parse_tcp_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  std::string_view host = colon == std::string_view::npos ? std::string_view() : text.substr(0, colon);
  const std::string_view port_text = colon == std::string_view::npos ? text : text.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  TcpAddress address{std::string(host), 0};
  const auto [end, error] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), address.port);
  if (!is_digits(port_text) || error != std::errc{} || end != port_text.data() + port_text.size()) {
    return invalid(fmt::format("'{}' has no port from 0 to 65535; write 127.0.0.1:8081", text));
  }
  if (!is_loopback(address.host)) {
    return invalid(
        fmt::format("'{}' is not an address of loopback: the API has no tokens and no TLS yet, so whoever "
                    "reaches the port could send and read notifications; write 127.0.0.1:{} or [::1]:{}, or "
                    "a path for a unix socket",
                    text, address.port, address.port));
  }
  return address;
}

}  // namespace ackd
