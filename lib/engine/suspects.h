// Survivors of a crash: notifications that were in flight when the process died, one of which may have killed it. They
// start one at a time, so that a crash points at one of them; three crashes while alone, and it is HELD as quarantined.
//
// Two degrees, so that a plain kill -9 costs little: a survivor of one crash lets the next suspect start after a
// second, whatever its merchant does; one that was already suspect when the process died again is strict, and nothing
// suspect starts beside it until its outcome is committed. Everything that is not suspect flows on.
#pragma once

#include <deque>
#include <optional>
#include <unordered_map>

#include "base/time.h"
#include "model/ids.h"

namespace ackd {

class Suspects {
 public:
  static constexpr std::uint32_t kLonelyCrashesMax = 3;
  static constexpr Duration kPatience{1'000};

  void add(NotificationId id, LaneId lane, bool strict);
  bool contains(NotificationId id) const { return lanes_.contains(id); }
  LaneId lane_of(NotificationId id) const { return lanes_.at(id); }
  std::size_t size() const { return lanes_.size(); }

  // The suspect to start now, if one may; it stays first until started() or put_last().
  std::optional<NotificationId> candidate(EngineTime now) const;
  void put_last();
  void started(NotificationId id, EngineTime now);
  // It came back without having been sent: it waits for its turn again.
  void returned(NotificationId id);
  // Settled, or changed by an operator: no longer suspect.
  void remove(NotificationId id);
  // When candidate() may say something else; nothing while it waits for an outcome.
  std::optional<EngineTime> next_wake(EngineTime now) const;

 private:
  struct Waiting {
    NotificationId id;
    bool strict;
  };
  bool blocked(const Waiting& next, EngineTime now) const;

  std::unordered_map<NotificationId, LaneId> lanes_;  // every suspect
  std::deque<Waiting> waiting_;
  std::unordered_map<NotificationId, bool> flying_;  // to strict
  EngineTime last_start_ = EngineTime::min();
};

}  // namespace ackd
