#include "model/http_request.h"

namespace ackd {
namespace {

std::string authority(const Url& url) {
  const bool v6 = url.host.find(':') != std::string::npos;
  return (url.tls ? "https://" : "http://") + (v6 ? "[" + url.host + "]" : url.host);
}

}  // namespace

std::string Url::origin() const {
  return authority(*this) + ":" + std::to_string(port);
}

std::string Url::text() const {
  std::string out = authority(*this);
  if (port != (tls ? 443 : 80)) out += ":" + std::to_string(port);
  out += path;
  if (!query.empty()) out += "?" + query;
  return out;
}

}  // namespace ackd
