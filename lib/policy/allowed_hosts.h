// Which hosts a notification's own URL may name, as a merchant's operator writes them: "pay.shop.example" for one host,
// "*.shop.example" for every name below it. Compared label by label: "shop.example" allows neither
// "shop.example.attacker.test" nor "evilshop.example".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ackd {

inline constexpr std::size_t kAllowedHostsMax = 64;

// The pattern in canonical form; an error says what a pattern looks like. Addresses are written as in a URL, without
// port.
Result<std::string> read_host_pattern(std::string_view text);

// Whether one of the patterns names the host. REQUIRES: patterns as read_host_pattern() returns them, and a host as
// parse_url() does; here and below.
bool names_host(const std::vector<std::string>& patterns, std::string_view host);

// The same, but none at all allow every host.
bool is_allowed_host(const std::vector<std::string>& patterns, std::string_view host);

}  // namespace ackd
