// One HttpRequest as libcurl options, and what every transfer has in common whatever it sends.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "model/http_request.h"
#include "policy/egress_settings.h"
#include "transport/curl_handles.h"

namespace ackd {

// Refuses what would let a field of a notification or a profile change the framing of the request: a header that
// belongs to the transport, one that is given twice (two receivers may believe different ones), a name that is no
// token, a control character in a value or the URL, a body with GET, another method.
Status check_request(const HttpRequest& request);

// Sets options and remembers whether each was taken. libcurl refuses one only when memory is out or it was built
// without it: either way the request must not go out half configured.
class CurlOptions {
 public:
  explicit CurlOptions(CURL* easy) : easy_(easy) {}
  template <class Value>
  CurlOptions& set(CURLoption option, Value value) {
    complete_ = complete_ && curl_easy_setopt(easy_, option, value) == CURLE_OK;
    return *this;
  }
  bool complete() const { return complete_; }

 private:
  CURL* easy_;
  bool complete_ = true;
};

// HTTP/1.1 only, no redirect, no proxy and no credentials from the environment, verified TLS 1.2 or better, no
// transparent decoding, nothing remembered from one receiver for another.
void set_fixed_options(CurlOptions& options);

// How the request leaves this machine: REQUIRES check_named() of the settings, and means that outlive the transfer.
struct WayOut {
  const std::optional<EgressSettings>& settings;  // the merchant's own
  const EgressMeans& means;
  const SocketAddress* proxy;  // nullptr for none
  std::optional<IpAddress> source_address;
  bool verify_server;
};

// Every setting is one that libcurl compares before it uses a connection again, so that no merchant's request leaves
// over a connection that was made, or verified, on another's terms.
void set_way_out(CurlOptions& options, const WayOut& way);

// Method, URL, headers and body as they are. Adds Host and Content-Length, and User-Agent and Accept where the request
// has none (common firewalls turn away requests without). `request` and `headers` must live as long as the transfer.
void set_request(CurlOptions& options, const HttpRequest& request, CurlList& headers);

}  // namespace ackd
