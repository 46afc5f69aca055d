#include "engine/hosts.h"

#include "base/check.h"

namespace ackd {

HostIndex Hosts::join(const std::string& origin) {
  const auto found = by_origin_.find(std::string_view(origin));
  const HostIndex index = found == by_origin_.end() ? add(origin) : *found;
  ++hosts_[index].lanes;
  return index;
}

HostIndex Hosts::add(const std::string& origin) {
  auto index = static_cast<HostIndex>(hosts_.size());
  if (free_.empty()) {
    hosts_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  hosts_[index].origin = origin;
  by_origin_.insert(index);
  return index;
}

void Hosts::leave(HostIndex index) {
  CHECK_THAT(hosts_[index].lanes > 0, "more lanes left a host than it had");
  --hosts_[index].lanes;
}

bool Hosts::forget_unused(HostIndex index) {
  Host& host = hosts_[index];
  if (host.lanes > 0 || host.in_flight > 0) return false;
  by_origin_.erase(index);
  host = Host{};
  free_.push_back(index);
  return true;
}

void Hosts::wait(Lane& lane) {
  lane.spot = ++turns_;
  line_.insert({lane.host, lane.spot, lane.id});
  ++hosts_[lane.host].waiting;
}

void Hosts::leave_line(const Lane& lane) {
  CHECK_THAT(line_.erase({lane.host, lane.spot, lane.id}) == 1, "a lane waited at no host that should");
  --hosts_[lane.host].waiting;
}

std::optional<LaneId> Hosts::first_waiting(HostIndex index) const {
  const auto first = line_.lower_bound({index, 0, LaneId{}});
  if (first == line_.end() || std::get<HostIndex>(*first) != index) return std::nullopt;
  return std::get<LaneId>(*first);
}

void Hosts::look_at(const std::string& first, const std::function<bool(HostIndex)>& on_host) const {
  auto at = by_origin_.lower_bound(std::string_view(first));
  while (at != by_origin_.end() && on_host(*at)) ++at;
}

}  // namespace ackd
