#include "engine/hosts.h"

#include "base/check.h"

namespace ackd {

HostIndex Hosts::join(const std::string& origin) {
  const auto [found, created] = by_origin_.try_emplace(origin, static_cast<HostIndex>(hosts_.size()));
  if (created && free_.empty()) {
    hosts_.emplace_back();
  } else if (created) {
    found->second = free_.back();
    free_.pop_back();
  }
  Host& host = hosts_[found->second];
  host.origin = origin;
  ++host.lanes;
  return found->second;
}

void Hosts::leave(HostIndex index) {
  CHECK_THAT(hosts_[index].lanes > 0, "more lanes left a host than it had");
  --hosts_[index].lanes;
}

bool Hosts::forget_unused(HostIndex index) {
  Host& host = hosts_[index];
  if (host.lanes > 0 || host.in_flight > 0) return false;
  by_origin_.erase(host.origin);
  host = Host{};
  free_.push_back(index);
  return true;
}

void Hosts::look_at(const std::string& first, const std::function<bool(HostIndex)>& on_host) const {
  auto at = by_origin_.lower_bound(first);
  while (at != by_origin_.end() && on_host(at->second)) ++at;
}

}  // namespace ackd
