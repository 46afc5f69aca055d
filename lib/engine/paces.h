// The rates at which requests may start: a bucket (policy/rate_limit.h) for each merchant, lane or host that has a
// rate. With that of a merchant or a lane is the line of lanes that wait for its next token; a host has a line of its
// own (engine/hosts.h). At that token's time the first of the line is woken; nobody looks at the others.
//
// A lane that may start next has a claim to a token of each of its buckets, so that no more are woken than can start. A
// bucket outlives its lanes until it is full again: a new one would let a whole burst pass once more.
//
// In memory only: after a start every bucket is full.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/lane.h"
#include "engine/lane_views.h"
#include "policy/rate_limit.h"

namespace ackd {

class Paces {
 public:
  // Time, which everything here goes by until it is called again.
  void advance(EngineTime now) { now_ = now; }

  // One more goes by the bucket of this name, which has this rate from now on. kNoPace for no rate.
  PaceIndex join(const std::string& name, const Rate& rate);
  // One less. Nothing for kNoPace, here and below.
  void leave(PaceIndex index);

  // A token is there that nobody has claimed.
  bool has_unclaimed(PaceIndex index);
  // A token is there. Whoever claimed it may have to wait for the next one after all.
  bool has_token(PaceIndex index);
  RateView view(PaceIndex index) const;

  void claim(PaceIndex index);
  void unclaim(PaceIndex index);
  // A request starts.
  void take(PaceIndex index);
  // The same request does not start after all. REQUIRES: at the same time.
  void give_back(PaceIndex index);
  // A suspect found no token: claims are to leave one for it for so long, or a busy lane would have every one.
  void keep_one(PaceIndex index, Duration how_long);

  // The lane waits in the line of its bucket.
  void wait(Lane& lane);
  void leave_line(const Lane& lane);
  std::size_t waiting() const { return waiting_; }
  // Whether the host, which goes by this bucket, wants to be told of the next token.
  void tell_host(PaceIndex index, HostIndex host, bool wanted);

  // Who may go on, as there is a token now: a lane, which is to leave its line, or a host, which is not told again.
  struct Next {
    std::optional<LaneId> lane;
    HostIndex host = 0;
  };
  std::optional<Next> next();
  // When next() may say something else.
  std::optional<EngineTime> next_wake() const;
  std::size_t size() const { return by_name_.size(); }

 private:
  struct Pace {
    explicit Pace(std::string its_name, const Rate& its_rate)
        : name(std::move(its_name)), rate(its_rate), limit(its_rate) {}
    std::string name;
    Rate rate;
    RateLimit limit;
    std::size_t users = 0;
    std::size_t claims = 0;
    EngineTime keeps_one_until = EngineTime::min();
    std::set<std::pair<std::uint64_t, LaneId>> line;
    std::optional<HostIndex> host;  // that is to be told
    std::optional<EngineTime> wakes_at;
  };
  std::size_t claimed(const Pace& pace) const { return pace.claims + (now_ < pace.keeps_one_until ? 1 : 0); }
  std::optional<EngineTime> wake_of(Pace& pace) const;
  void arm(PaceIndex index);
  void disarm(PaceIndex index);
  void forget(PaceIndex index);

  EngineTime now_{};
  std::vector<Pace> paces_;
  std::vector<PaceIndex> free_;  // places in it that hold none
  std::unordered_map<std::string, PaceIndex> by_name_;
  std::set<std::pair<EngineTime, PaceIndex>> due_;  // by wakes_at
  std::uint64_t turns_ = 0;
  std::size_t waiting_ = 0;
};

}  // namespace ackd
