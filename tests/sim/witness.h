// The checkers. The witness sees every send, answer and commit from outside the engine and keeps its own books; what
// does not fit them is a failure. It never reads the engine's state except its published limits.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "profile/catalogue.h"
#include "sim/fairness_witness.h"
#include "sim/job_witness.h"
#include "sim/model_outbox.h"
#include "sim/outage_witness.h"
#include "sim/rate_witness.h"
#include "sim/squeeze_witness.h"

namespace ackd::sim {

// The reason of what operators do.
inline constexpr const char* kAskedFor = "asked for";

class Witness final : public RecordObserver {
 public:
  Witness(const ProfileCatalogue& catalogue, const EngineOptions& options, const ModelRecord& record);

  // Somebody else is told of every batch too.
  void tell_batches_to(std::function<void(const Batch&)> listener) { batch_listener_ = std::move(listener); }
  void on_batch(const Batch& batch) override {
    if (batch_listener_) batch_listener_(batch);
  }

  // A caller was told that the notification is recorded.
  void on_accepted(NotificationId id, const std::string& content);
  // Its signature was asked for: from here on its merchant's URL is the one of this moment.
  void on_sign(NotificationId id, const std::string& origin, BootTime now);
  void on_send(NotificationId id, const LaneKey& lane, const std::string& origin, const std::string& content,
               BootTime now);
  // The transfer has ended, which the engine learns now.
  void on_transfer_end(NotificationId id, const Transfer& transfer, BootTime now);
  void on_settlement(const ModelRow& before, const Settlement& settlement) override;
  void on_change(const OperatorChange& change) override;
  void on_merchant(const MerchantName& name) override;
  void on_pause(const MerchantPauseChange& change) override;
  void on_inbox(const InboxSlice& slice) override;
  // The platform may delete what stands at or below it.
  void on_published(std::int64_t mark);
  void on_job_start(const Job& job) override { jobs_.on_start(job); }
  void on_job_slice(const Job& before, const JobSlice& slice, const std::vector<OperationResult>& results) override {
    jobs_.on_slice(before, slice, results);
  }
  void on_enter(const InFlightEntry& entry, BootTime now);
  // It is in flight no more: its outcome is committed, or it was not sent after all.
  void on_leave(NotificationId id);
  void on_crash();
  // The process stood still until now.
  void on_freeze(BootTime now);
  // An operator confirmed a stepped clock: schedules may be overtaken on purpose.
  // What ended before and commits only now was scheduled on the old time.
  void forget_all_due(BootTime now) {
    earliest_.clear();
    rates_.forget();
    adopted_at_ = now;
  }
  void on_turn(const TurnResult& result, const EngineStats& stats, BootTime now);
  // Everything must have ended; nothing accepted, and none of the platform's inbox rows, may be missing, and the engine
  // has nothing left in memory.
  void at_end(std::int64_t inbox_rows, const EngineStats& stats);

  void fail(const std::string& what);
  const std::vector<std::string>& failures() const { return failures_; }
  const std::set<NotificationId>& accepted() const { return accepted_; }
  const JobWitness& jobs() const { return jobs_; }
  OutageWitness& outages() { return outages_; }
  const FairnessWitness& fairness() const { return fairness_; }
  const SqueezeWitness& squeezes() const { return squeezes_; }
  const RateWitness& rates() const { return rates_; }
  std::uint64_t pauses_ended() const { return pauses_ended_; }
  std::size_t sends() const { return total_sends_; }
  std::uint64_t given_up() const { return given_up_; }
  std::size_t probes_sent() const { return probed_.size(); }

 private:
  bool is_last_attempt(const ModelRow& row) const;
  // By its merchant; nothing for never.
  std::optional<Duration> give_up_after(const ModelRow& row) const;
  bool has_changed_lately(const ModelRow& row) const;
  void check_next_state(const ModelRow& before, const Settlement& settlement);
  bool is_active(const ModelRow& row) const;
  const MerchantRecord* merchant_on_record(const ModelRow& row) const;
  void check_probe(const ModelRow& before, const Settlement& settlement);
  // What awaits an activation that has come is released within the hour, whatever the disk does.
  void check_released(Duration passed);
  // A pause whose end has come is over within the hour, whatever the disk does.
  void check_pauses(EngineTime engine_now, BootTime now);
  void check_fairness(const EngineStats& stats, BootTime now);
  bool has_room(LaneId id, const LaneKey& lane, BootTime now);
  void check_memory(const EngineStats& stats);
  void check_conserved();

  const ProfileCatalogue& catalogue_;
  const EngineOptions& options_;
  const ModelRecord& record_;
  std::function<void(const Batch&)> batch_listener_;
  JobWitness jobs_{record_, [this](const std::string& what) { fail(what); }};
  OutageWitness outages_{options_, [this](const std::string& what) { fail(what); }};
  FairnessWitness fairness_;
  SqueezeWitness squeezes_{options_, record_, [this](const std::string& what) { fail(what); }};
  RateWitness rates_{options_, record_, [this](const std::string& what) { fail(what); }};
  std::vector<std::string> failures_;
  std::set<NotificationId> accepted_;
  std::map<NotificationId, std::string> content_;  // as accepted
  struct Active {
    LaneKey lane;
    std::string origin;
  };
  std::map<NotificationId, Active> active_;
  std::map<NotificationId, std::size_t> sends_;    // that reached the network
  std::map<NotificationId, BootTime> ended_;       // reached the network, outcome not committed yet
  std::map<NotificationId, BootTime> earliest_;    // boot time before which it must not be sent
  std::map<NotificationId, BootTime> suspects_;    // in flight, with their start
  std::map<NotificationId, std::string> probed_;   // probes that were sent, with the merchant's URL then
  std::map<NotificationId, Duration> unreleased_;  // await an activation that has come, with for how long
  std::map<MerchantName, BootTime> changed_;       // merchants
  std::map<MerchantName, BootTime> overdue_;       // pauses whose end has come, with when that was seen
  std::uint64_t given_up_ = 0;                     // before their schedule had ended
  std::uint64_t pauses_ended_ = 0;                 // by themselves
  std::set<std::int64_t> inbox_rows_;              // that were dealt with
  BootTime looked_at_;
  BootTime turned_at_;
  std::map<NotificationId, State> final_;  // that were seen to have ended
  std::size_t most_rows_ = 0;
  std::size_t longest_row_ = 0;  // bytes of its content
  BootTime adopted_at_;
  std::size_t total_sends_ = 0;
};

}  // namespace ackd::sim
