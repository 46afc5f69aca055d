#include "model/outcome.h"

#include <array>

namespace ackd {

const char* name_of(TransferEnd end) {
  static constexpr std::array<const char*, kTransferEndCount> kNames{
      "complete",         "body_cap",        "header_cap", "name_not_found",   "connect_refused", "connect_timeout",
      "host_unreachable", "tls_failed",      "timeout",    "broken",           "bad_http",        "aborted",
      "egress_refused",   "resolver_failed", "no_route",   "out_of_resources", "proxy_failed",    "request_invalid"};
  return kNames.at(static_cast<std::size_t>(end));
}

const char* name_of(OutcomeClass outcome) {
  static constexpr std::array<const char*, 6> kNames{"acknowledged", "rejected",      "unknown",
                                                     "unreachable",  "possibly_sent", "not_sent"};
  return kNames.at(static_cast<std::size_t>(outcome));
}

}  // namespace ackd
