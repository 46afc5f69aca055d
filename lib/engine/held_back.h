// The lanes that are due and wait because sending to their host is suspended (policy/outage.h), by host, and the hosts
// that are tried meanwhile. Hosts take turns, so that trials go round; lanes of one host go in the order of their ids,
// and one that was tried is closed for a while.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "engine/lane.h"
#include "policy/outage.h"

namespace ackd {

class HeldBack {
 public:
  // A host with its first lane stands as given, last of its kind.
  void add(HostIndex host, HostStanding standing, LaneId lane);
  void remove(HostIndex host, LaneId lane);

  // The host stands otherwise, or had its turn: it is last of that kind now. Nothing for a host without lanes.
  void stand(HostIndex host, HostStanding standing);
  // Whose turn it is among the hosts that stand so; without a standing, those that were reached come first.
  std::optional<HostIndex> first(HostStanding standing) const;
  std::optional<HostIndex> first() const;
  // REQUIRES: the host has a lane here.
  LaneId lane_of(HostIndex host) const { return *waiting_.at(host).lanes.begin(); }
  std::size_t lanes(HostIndex host) const;

  struct Trial {
    HostIndex host;
    LaneId lane;
    HostStanding standing;  // as it was before
  };
  // One lane of the host may try it. Until end_trial() the host is in no turn. REQUIRES: the host has a lane here.
  void start_trial(HostIndex host);
  // Nothing for a host that is not tried.
  void end_trial(HostIndex host, HostStanding standing);
  const std::vector<Trial>& trials() const { return trials_; }
  bool is_tried(HostIndex host) const {
    return std::any_of(trials_.begin(), trials_.end(), [&](const Trial& trial) { return trial.host == host; });
  }

 private:
  struct Waiting {
    std::set<LaneId> lanes;
    HostStanding standing;
    std::uint64_t turn;
  };
  void step_aside(HostIndex host);

  std::unordered_map<HostIndex, Waiting> waiting_;
  std::set<std::tuple<HostStanding, std::uint64_t, HostIndex>> turns_;
  std::uint64_t newest_turn_ = 0;
  std::vector<Trial> trials_;  // a few at most
};

}  // namespace ackd
