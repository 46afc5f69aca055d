// Over which shards the transfers to one host are spread. Pure.
//
// libcurl looks for an idle connection among all of the host's in one multi, one after the other, and a host with more
// than a shard keeps idle would connect anew for every request (256 at once, with 20,000 descriptors: 8,600 requests a
// second instead of 22,800). So a place takes kTogether transfers of a host, and the next ones go to the next place;
// but the first place that has room comes first, so that a host with few at a time finds its connections where they
// were left.
#pragma once

#include <cstddef>
#include <unordered_map>

namespace ackd {

class HostSpread {
 public:
  static constexpr std::size_t kTogether = 16;

  // The place of a transfer that starts now. Hosts are told apart by their hashes; should two be equal, they share.
  std::size_t enter(std::size_t host_hash) {
    for (std::size_t place = host_hash;; ++place) {
      std::size_t& running = running_[place];
      if (running == kTogether) continue;
      ++running;
      return place;
    }
  }
  // REQUIRES: enter() gave the place, once for each call.
  void leave(std::size_t place) {
    const auto found = running_.find(place);
    if (--found->second == 0) running_.erase(found);
  }

  // Places with transfers.
  std::size_t size() const { return running_.size(); }

 private:
  std::unordered_map<std::size_t, std::size_t> running_;
};

}  // namespace ackd
