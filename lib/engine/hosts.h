// The hosts (scheme://host:port) that lanes go to, with what is in flight to each. A host is there as long as it has a
// lane or a request; its index is then given to another one. There may be as many hosts as lanes, so that one is kept
// small: its name is stored once, and those who wait for it stand in one line for all hosts, which is mostly empty.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "engine/lane.h"

namespace ackd {

struct Host {
  std::string origin;
  std::uint32_t in_flight = 0;
  std::uint32_t lanes = 0;
  std::uint32_t waiting = 0;  // lanes with a due row that wait for a slot here
  PaceIndex pace = kNoPace;
};

class Hosts {
 public:
  Hosts() = default;
  Hosts(const Hosts&) = delete;
  Hosts& operator=(const Hosts&) = delete;

  Host& operator[](HostIndex index) { return hosts_[index]; }
  const Host& operator[](HostIndex index) const { return hosts_[index]; }
  std::size_t size() const { return by_origin_.size(); }

  // Another lane goes there.
  HostIndex join(const std::string& origin);
  // One lane less.
  void leave(HostIndex index);
  // A host goes with its last lane and request: notifications may name any number of hosts in the course of a year.
  // Returns whether it did.
  bool forget_unused(HostIndex index);

  // The lane waits at its host, behind the others there.
  void wait(Lane& lane);
  void leave_line(const Lane& lane);
  // Who has waited longest there.
  std::optional<LaneId> first_waiting(HostIndex index) const;

  // Calls `on_host` for the hosts from `first` on, by origin, until it says false.
  void look_at(const std::string& first, const std::function<bool(HostIndex)>& on_host) const;

 private:
  struct ByOrigin {
    using is_transparent = void;
    bool operator()(HostIndex a, HostIndex b) const { return (*hosts)[a].origin < (*hosts)[b].origin; }
    bool operator()(HostIndex a, std::string_view b) const { return (*hosts)[a].origin < b; }
    bool operator()(std::string_view a, HostIndex b) const { return a < (*hosts)[b].origin; }
    const std::deque<Host>* hosts;
  };
  HostIndex add(const std::string& origin);

  std::deque<Host> hosts_;
  std::vector<HostIndex> free_;  // places in it that hold no host
  std::set<HostIndex, ByOrigin> by_origin_{ByOrigin{&hosts_}};
  std::set<std::tuple<HostIndex, std::uint64_t, LaneId>> line_;
  std::uint64_t turns_ = 0;
};

}  // namespace ackd
