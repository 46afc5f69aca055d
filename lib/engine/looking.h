// Looking in: pages of lanes and hosts, each of bounded work. Changes nothing.
#pragma once

#include "engine/core.h"
#include "engine/lane_views.h"

namespace ackd {

LaneView view_of_lane(const Core& core, const LaneKey& key);
LanesPage page_of_lanes(const Core& core, const LaneFilter& filter, const std::optional<LaneKey>& position,
                        std::size_t limit);
HostsPage page_of_hosts(const Core& core, const std::optional<std::string>& position, std::size_t limit);

}  // namespace ackd
