// A URL and a request as plain values. text/url.h parses; profile/ renders; transport/ sends.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/content.h"

namespace ackd {

// Canonical by construction: only text/url.h makes one from a merchant's spelling.
struct Url {
  bool tls = false;        // https
  std::string host;        // lower case; IPv6 without brackets
  std::uint16_t port = 0;  // explicit or the scheme's
  std::string path;        // at least "/"
  std::string query;       // without '?'; empty for none

  // "https://host:port", always with its port: the key for host ceilings and connections.
  std::string origin() const;
  // The whole canonical text; the port is left out when it is the scheme's.
  std::string text() const;
  friend bool operator==(const Url&, const Url&) = default;
};

// Headers that frame a message or concern one connection: Host, Content-Length, Transfer-Encoding, Connection, Expect,
// every Proxy-* and their kin. The transport alone sets them; a profile that could would smuggle a second request.
bool is_transport_header(std::string_view name);

// One request, ready to go: every byte is decided. The transport adds Host and Content-Length, and User-Agent and
// Accept where `headers` has none; transport headers among `headers` are refused, and so is one given twice.
struct HttpRequest {
  std::string method;  // "GET" or "POST"
  Url url;
  Fields headers;
  std::string body;
};

}  // namespace ackd
