#include "engine/looking.h"

#include <algorithm>

namespace ackd {
namespace {

// What is known of a lane that is not in memory.
LaneView view_of_merchant(const Core& core, const LaneKey& key) {
  LaneView view;
  view.window = core.options.lane_window;
  view.host_ceiling = core.options.host_ceiling;
  if (const MerchantDirectory::Pause* pause = core.parts.merchants.find_pause(key.provider, key.merchant)) {
    view.paused = true;
    view.pause_reason = pause->reason;
    view.paused_until = pause->until;
  }
  if (core.gate.holds(key.provider, key.merchant)) view.held_because = core.gate.reason(key.provider, key.merchant);
  return view;
}

LaneView view_of(const Core& core, const Lane& lane) {
  const LaneKey key = lane.key().copy();
  LaneView view = view_of_merchant(core, key);
  view.known = true;
  view.key = key;
  view.window = lane.window.size();
  view.untried = lane.window.untried();
  view.squeezed = lane.window.squeezed();
  view.in_flight = lane.in_flight;
  view.buffered = lane.buffered();
  view.opens_at = lane.opens_at;
  if (lane.trouble) {
    view.trouble = lane.trouble->why;
  } else if (view.squeezed) {
    view.trouble = "it failed when it was last heard of";
  }
  view.host = core.lanes.host_name(lane.host);
  view.host_in_flight = core.lanes.host_in_flight(lane);
  view.held_back = core.lanes.is_held_back(lane.host);
  view.rate = core.lanes.rate_of(lane);
  view.host_rate = core.lanes.host_rate_of(lane.host);
  return view;
}

bool fits(const Core& core, const Lane& lane, const LaneFilter& filter) {
  const LaneKeyView key = lane.key();
  return (filter.provider.empty() || key.provider == filter.provider) &&
         (filter.merchant.empty() || key.merchant == filter.merchant) &&
         (filter.host.empty() || core.lanes.host_name(lane.host) == filter.host);
}

// No lane behind this one fits: they stand by provider, then by merchant.
bool is_past(const Lane& lane, const LaneFilter& filter) {
  if (filter.provider.empty()) return false;
  const LaneKeyView key = lane.key();
  if (key.provider != filter.provider) return key.provider > filter.provider;
  return !filter.merchant.empty() && key.merchant > filter.merchant;
}

// At the position, or at the first lane that may fit: of a provider, the merchant's own one.
LaneKey beginning(const LaneFilter& filter, const std::optional<LaneKey>& position) {
  if (position) return *position;
  return {filter.provider, filter.provider.empty() ? std::string() : filter.merchant, {}};
}

}  // namespace

LaneView view_of_lane(const Core& core, const LaneKey& key) {
  const Lane* lane = core.lanes.find(key);
  return lane == nullptr ? view_of_merchant(core, key) : view_of(core, *lane);
}

LanesPage page_of_lanes(const Core& core, const LaneFilter& filter, const std::optional<LaneKey>& position,
                        std::size_t limit) {
  LanesPage page;
  std::size_t looked_at = 0;
  LaneKey last;
  core.lanes.look_at(beginning(filter, position), [&](const Lane& lane) {
    if (position && lane.key() == *position) return true;
    if (is_past(lane, filter)) return false;
    if (page.lanes.size() == limit || looked_at == kLanesScanMax) {
      page.next_position = last;
      return false;
    }
    ++looked_at;
    if (fits(core, lane, filter)) page.lanes.push_back(view_of(core, lane));
    last = lane.key().copy();
    return true;
  });
  return page;
}

HostsPage page_of_hosts(const Core& core, const std::optional<std::string>& position, std::size_t limit) {
  HostsPage page;
  core.lanes.look_at_hosts(position.value_or(""), [&](const HostView& host) {
    if (position && host.origin == *position) return true;
    if (page.hosts.size() == limit) {
      page.next_position = page.hosts.back().origin;
      return false;
    }
    page.hosts.push_back(host);
    return true;
  });
  return page;
}

}  // namespace ackd
