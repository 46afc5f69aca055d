#include "model/http_request.h"

#include <algorithm>
#include <array>

namespace ackd {
namespace {

// With room for what follows.
std::string authority(const Url& url, std::size_t more_bytes) {
  std::string out;
  out.reserve(url.host.size() + more_bytes + 16);
  const bool v6 = url.host.find(':') != std::string::npos;
  out += url.tls ? "https://" : "http://";
  if (v6) out += '[';
  out += url.host;
  if (v6) out += ']';
  return out;
}

constexpr std::array<std::string_view, 11> kTransportHeaders{
    "host", "content-length", "transfer-encoding", "connection",     "keep-alive", "expect",
    "te",   "trailer",        "upgrade",           "http2-settings", "alt-used"};

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

}  // namespace

bool is_transport_header(std::string_view name) {
  const std::string lower = lower_case(name);
  return lower.starts_with("proxy-") ||
         std::find(kTransportHeaders.begin(), kTransportHeaders.end(), lower) != kTransportHeaders.end();
}

std::string Url::origin() const {
  return (authority(*this, 0) += ':') += std::to_string(port);
}

std::string Url::text() const {
  std::string out = authority(*this, path.size() + query.size());
  if (port != (tls ? 443 : 80)) (out += ':') += std::to_string(port);
  out += path;
  if (!query.empty()) (out += '?') += query;
  return out;
}

}  // namespace ackd
