#include "policy/egress_settings.h"

#include <fmt/format.h>

namespace ackd {
namespace {

template <class Values>
Status check_name(const Values& values, const std::string& name, const char* option, const char* section) {
  if (name.empty() || values.contains(name)) return Done{};
  return invalid(fmt::format("the option {} names '{}', which is not in the configuration; add it to {} there, or "
                             "name one that is",
                             option, name, section),
                 fmt::format("options.{}", option));
}

}  // namespace

bool is_unverified(const EgressSettings& settings, WallTime now) {
  return settings.unverified_until && now < *settings.unverified_until &&
         *settings.unverified_until - now <= kLooseningMax;
}

Status check_named(const EgressSettings& settings, const EgressMeans& means) {
  if (Status found = check_name(means.authorities, settings.authority, "tls_ca", "tls.authorities"); !found) {
    return found;
  }
  if (Status found = check_name(means.client_certificates, settings.client_certificate, "tls_client_certificate",
                                "tls.client_certificates");
      !found) {
    return found;
  }
  if (settings.proxy == kNoProxy) return Done{};
  return check_name(means.proxies, settings.proxy, "proxy", "egress.proxies");
}

const SocketAddress* proxy_for(const std::optional<EgressSettings>& settings, const EgressMeans& means) {
  const bool own = settings && !settings->proxy.empty();
  const auto found = means.proxies.find(own ? settings->proxy : means.proxy);
  return found == means.proxies.end() ? nullptr : &found->second;
}

}  // namespace ackd
