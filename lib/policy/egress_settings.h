// How one merchant's requests leave this machine where it is not as for everybody else, and what such settings may
// name. Everything here is an operator's explicit word; what loosens a check ends by itself.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "policy/egress.h"

namespace ackd {

// A certificate of ours that a merchant's server asks for, with its key, both as PEM.
struct ClientCertificate {
  std::string certificate;
  Secret key;
};

// What the configuration gives names to. Settings that come over the API name these and never a file or an address of
// this machine's.
struct EgressMeans {
  std::map<std::string, std::string, std::less<>> authorities;  // certificates as PEM
  std::map<std::string, ClientCertificate, std::less<>> client_certificates;
  // HTTP proxies, by address: to look up a name would be one more thing that can fail or lie.
  std::map<std::string, SocketAddress, std::less<>> proxies;
  std::string proxy;                        // the one that everybody goes through; empty for none
  std::optional<IpAddress> source_address;  // that everybody is sent from; nothing: the system chooses
};

// A merchant's settings, from its options (profile/egress_options.h).
struct EgressSettings {
  EgressRules rules;                         // on top of everybody's
  std::string authority;                     // verifies the server instead of the system's; empty for those
  std::string client_certificate;            // empty for none
  std::string pinned_keys;                   // "sha256//BASE64", joined by ';'; empty for any
  std::optional<WallTime> unverified_until;  // until then the server's certificate is not verified
  std::optional<IpAddress> source_address;
  std::string proxy;  // kNoProxy, or empty for everybody's
};

inline constexpr std::string_view kNoProxy = "none";

// A loosening that is given for longer is none: it would be forgotten.
inline constexpr Duration kLooseningMax = std::chrono::hours(24 * 90);
// Whether the server's certificate is not verified at this moment.
bool is_unverified(const EgressSettings& settings, WallTime now);

// Whether everything that the settings name is there. Errors name the option in Error::field ("options.tls_ca").
Status check_named(const EgressSettings& settings, const EgressMeans& means);

// The proxy that a request goes through, or nullptr. REQUIRES: check_named().
const SocketAddress* proxy_for(const std::optional<EgressSettings>& settings, const EgressMeans& means);

}  // namespace ackd
