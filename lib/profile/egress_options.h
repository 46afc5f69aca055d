// The options by which an operator says how one merchant's requests leave this machine. Every profile has them:
//   egress_allow, egress_deny     "10.1.2.0/24 192.0.2.7": ranges on top of the configuration's egress section
//   egress_ports                  "8443 9000-9100": ports beside those of the configuration
//   tls_ca                        verifies the server with these authorities of the configuration
//   tls_client_certificate        shows the server this certificate of the configuration
//   tls_pin                       "sha256//BASE64", up to 4 joined by ';': the server's key must be one of them
//   tls_unverified_until          RFC 3339: until then the server's certificate is not verified; 90 days at most
//   source_address                an address of this machine
//   proxy                         a proxy of the configuration, or none
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/merchant.h"
#include "policy/egress_settings.h"

namespace ackd {

const std::vector<std::string>& egress_option_names();
bool is_egress_option(std::string_view name);

// What is wrong with a value, as the rest of a sentence that begins with the option's name.
Status check_egress_option(const std::string& name, const std::string& value);

// The merchant's settings; nothing when it has none, which is the usual case and costs a look at its options.
// REQUIRES: values that check_egress_option() has seen; what it would refuse is left out.
std::optional<EgressSettings> egress_settings_of(const Merchant& merchant);

// What the options alone do not show: that everything they name is there ...
Status check_named(const Merchant& merchant, const EgressMeans& means);
// ... and that no loosening is given for longer than kLooseningMax.
Status check_loosening(const Merchant& merchant, WallTime now);

}  // namespace ackd
