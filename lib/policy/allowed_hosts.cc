#include "policy/allowed_hosts.h"

#include <algorithm>

#include "text/url.h"

namespace ackd {
namespace {

constexpr std::string_view kAnyBelow = "*.";

// What may stand for a host in a URL, and nothing else of one: the URL's own rules decide, so that a pattern can never
// be spelled in a way that no host is.
Result<std::string> canonical_host(std::string_view name) {
  const Error refused = invalid(
      "is not a host; write shop.example, *.shop.example for every name below it, or an address, without scheme, port "
      "and path");
  if (name.find_first_of("/?#@\\") != std::string_view::npos) return refused;
  std::string host(name);
  if (host.find(':') != std::string::npos && !host.starts_with('[')) host = "[" + host + "]";
  if (host.starts_with('[') && !host.ends_with(']')) return refused;
  const Result<Url> url = parse_url("http://" + host + "/");
  if (!url) return refused;
  return url->host;
}

bool matches(std::string_view pattern, std::string_view host) {
  if (!pattern.starts_with(kAnyBelow)) return pattern == host;
  // The dot belongs to the suffix, so that only whole labels stand before it.
  const std::string_view suffix = pattern.substr(1);
  return host.size() > suffix.size() && host.ends_with(suffix);
}

}  // namespace

Result<std::string> read_host_pattern(std::string_view text) {
  if (!text.starts_with(kAnyBelow)) return canonical_host(text);
  Result<std::string> host = canonical_host(text.substr(kAnyBelow.size()));
  if (!host) return host;
  return std::string(kAnyBelow) + *host;
}

bool names_host(const std::vector<std::string>& patterns, std::string_view host) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return matches(pattern, host); });
}

bool is_allowed_host(const std::vector<std::string>& patterns, std::string_view host) {
  return patterns.empty() || names_host(patterns, host);
}

}  // namespace ackd
