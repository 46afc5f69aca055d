// Checks that no lane is passed over: one with a due row, and with room for it, is sent to within a time that depends
// on how many others are due and how long their requests may take, whatever their backlogs are.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "engine/engine.h"
#include "sim/model_outbox.h"

namespace ackd::sim {

class FairnessWitness {
 public:
  using Fail = std::function<void(const std::string&)>;
  // Whether a due row of this lane may start: nothing but other lanes' work is in its way.
  using HasRoom = std::function<bool(LaneId, const LaneKey&)>;
  // Whether the row is in the engine's hands already.
  using IsAway = std::function<bool(NotificationId)>;

  // `longest`: a request takes no longer.
  FairnessWitness(const EngineOptions& options, const ModelRecord& record, Duration longest, Fail fail)
      : options_(options), record_(record), longest_(longest), fail_(std::move(fail)) {}

  // Sent to, or closed for a while by trouble of our own: it waits no more.
  void on_turn_of(LaneId lane) { waiting_.erase(lane); }
  // The engine died, stood still, or has another clock: whoever waits begins anew.
  void forget() { waiting_.clear(); }
  void on_turn(const EngineStats& stats, const IsAway& is_away, const HasRoom& has_room, BootTime now);

  // Lanes that were seen waiting a second time, so that the check has had something to judge.
  std::uint64_t waits() const { return waits_; }

 private:
  bool has_due_row(LaneId lane, EngineTime now, const IsAway& is_away) const;
  Duration patience(std::size_t lanes) const;

  const EngineOptions& options_;
  const ModelRecord& record_;
  Duration longest_;
  Fail fail_;
  // Since when at the latest, by the boot clock and by the engine's: after a step that was confirmed the engine's may
  // stand still for an hour, and with it whatever opens later.
  struct Since {
    BootTime boot;
    EngineTime engine;
    std::size_t competing = 0;  // lanes at most since then
  };
  std::map<LaneId, Since> waiting_;
  BootTime looked_at_;
  std::uint64_t waits_ = 0;
};

}  // namespace ackd::sim
