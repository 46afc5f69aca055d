// The hosts (scheme://host:port) that lanes go to, with what is in flight to each. A host is there as long as it has a
// lane or a request; its index is then given to another one.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/lane.h"

namespace ackd {

struct Host {
  std::string origin;
  std::size_t in_flight = 0;
  std::deque<LaneId> waiting;  // lanes with a due row that wait for a slot here
  std::size_t lanes = 0;
  PaceIndex pace = kNoPace;
};

class Hosts {
 public:
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

  // Calls `on_host` for the hosts from `first` on, by origin, until it says false.
  void look_at(const std::string& first, const std::function<bool(HostIndex)>& on_host) const;

 private:
  std::vector<Host> hosts_;
  std::vector<HostIndex> free_;  // places in it that hold no host
  std::map<std::string, HostIndex> by_origin_;
};

}  // namespace ackd
