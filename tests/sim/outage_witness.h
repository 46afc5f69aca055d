// Checks what the engine makes of hosts that cannot be connected to: when it must suspend, whom it may send to then,
// which failures use up an attempt and which must not. It keeps its own books of hosts, on boot time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "sim/model_outbox.h"

namespace ackd::sim {

class OutageWitness {
 public:
  using Fail = std::function<void(const std::string&)>;

  OutageWitness(const EngineOptions& options, Fail fail) : options_(options), fail_(std::move(fail)) {}

  // From `from` on nobody can be reached; nothing: the world is as ever.
  void on_cut(std::optional<BootTime> from) { cut_since_ = from; }
  void on_sign(NotificationId id, const std::string& origin, BootTime now);
  void on_send(NotificationId id) { starts_[id].sent = true; }
  void on_transfer_end(NotificationId id, const Transfer& transfer, BootTime now);
  // A failure to connect was taken for our own trouble. `last`: it was the row's last attempt.
  void on_excused(NotificationId id, bool last);
  void on_attempt(NotificationId id, State state);
  void on_crash();
  // The process stood still until now, and hears only then of what has happened.
  void on_freeze(BootTime now);
  void on_turn(const EngineStats& stats, std::size_t suspects, BootTime now);

  std::uint64_t suspensions() const { return suspensions_; }
  std::uint64_t excused() const { return excused_; }

 private:
  struct Host {
    bool failing;
    BootTime at;
    BootTime since;         // it has been so, at the latest
    BootTime surely_since;  // at the earliest: what is as old as the window may or may not count
  };
  struct Start {
    std::string origin;
    bool proven;  // the host had answered within a minute
    bool trial = false;
    bool sent = false;
  };
  struct Failure {
    bool must_be_doubted;
    bool may_be_doubted;
    bool while_suspended = false;
  };
  std::size_t count(bool failing, Duration within, BootTime now) const;
  Failure failure_of(const std::string& origin, const Host& host, BootTime now) const;
  void follow_clock(EngineTime engine_now, BootTime now);
  void check_trials(std::size_t suspects) const;

  const EngineOptions& options_;
  Fail fail_;
  std::optional<BootTime> cut_since_;
  std::map<std::string, Host> hosts_;
  std::map<NotificationId, Start> starts_;
  std::map<NotificationId, Failure> failures_;  // not settled yet
  std::vector<NotificationId> signed_now_;      // of this turn, like the next two
  std::vector<NotificationId> failed_now_;
  std::vector<NotificationId> excused_now_;  // that no doubt allows
  bool suspended_ = false;                   // after the last turn
  EngineTime since_;
  Duration lead_{0};          // of engine time, as it was last
  BootTime trusted_from_{0};  // before it the books do not say what the engine knows
  std::uint64_t suspensions_ = 0;
  std::uint64_t excused_ = 0;
};

}  // namespace ackd::sim
