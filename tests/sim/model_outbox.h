// An outbox made of maps, with the durability of the real one and none of its disk: what is committed survives a crash,
// what was in flight may or may not. It follows outbox.h to the letter and knows nothing about schedules.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/merchant.h"
#include "outbox/outbox.h"
#include "outbox/queries.h"

namespace ackd::sim {

struct ModelRow {
  Notification notification;
  LaneId lane;
  State state = State::kPending;
  Progress progress;
  DueClass due_class = DueClass::kFresh;
  EngineTime next_at;
  bool cancel_asked = false;
  std::uint32_t lonely_crashes = 0;
  bool awaits_merchant = false;
  std::vector<Attempt> attempts;

  QueueKey key() const { return {lane, due_class, next_at, notification.id}; }
};

// One source of the platform's inbox.
struct ModelInbox {
  std::int64_t mark = 0;
  std::string mark_seal;
};

// What is on the disk.
struct ModelRecord {
  std::map<NotificationId, ModelRow> rows;
  std::map<std::string, NotificationId> keys;  // provider, merchant and key
  std::vector<LaneKey> lanes;                  // LaneId is the index plus one
  std::map<LaneId, LaneStanding> standings;    // those that are not kUnknown
  std::set<QueueKey> queue;
  std::map<MerchantName, Activation> activations;
  std::map<MerchantName, NotificationId> open_probes;
  std::map<std::string, ModelInbox> inbox;
  std::map<InboxErrorName, InboxError> inbox_errors;
  std::map<JobId, Job> jobs;
  std::map<MerchantName, MerchantRecord> merchants;
  std::map<MerchantName, MerchantDirectory::Pause> paused;
  std::map<std::string, std::vector<SealedKey>> shared;
  NotificationId newest;
  EngineTime newest_record;

  LaneStanding standing_of(LaneId lane) const {
    const auto found = standings.find(lane);
    return found == standings.end() ? LaneStanding::kUnknown : found->second;
  }
};

// Sees every change before it is applied; the simulator's witness checks it.
class RecordObserver {
 public:
  virtual ~RecordObserver() = default;
  // Each batch that is going to be on record, as a whole.
  virtual void on_batch(const Batch&) {}
  virtual void on_settlement(const ModelRow& before, const Settlement& settlement) = 0;
  virtual void on_change(const OperatorChange& change) = 0;
  virtual void on_merchant(const MerchantName&) {}  // put, imported or removed
  virtual void on_pause(const MerchantPauseChange&) {}
  virtual void on_inbox(const InboxSlice& slice) = 0;
  virtual void on_job_start(const Job& job) = 0;
  // With the job as it was, and what came of each change.
  virtual void on_job_slice(const Job& before, const JobSlice& slice, const std::vector<OperationResult>& results) = 0;
};

// Where nobody needs to watch.
class Unobserved final : public RecordObserver {
 public:
  void on_settlement(const ModelRow&, const Settlement&) override {}
  void on_change(const OperatorChange&) override {}
  void on_inbox(const InboxSlice&) override {}
  void on_job_start(const Job&) override {}
  void on_job_slice(const Job&, const JobSlice&, const std::vector<OperationResult>&) override {}
};

// Applies one operation as outbox.h says.
class ModelWriter {
 public:
  ModelWriter(ModelRecord& record, RecordObserver& observer) : record_(record), observer_(observer) {}
  BatchResult apply(const Batch& batch);

 private:
  OperationResult admit(const Admission& admission);
  OperationResult settle(const Settlement& settlement);
  OperationResult change(const OperatorChange& change);
  OperationResult retry(ModelRow& row, const OperatorChange& change);
  OperationResult replay(const ModelRow& row, const OperatorChange& change);
  OperationResult cancel(ModelRow& row, const OperatorChange& change);
  OperationResult start(const JobStart& start);
  OperationResult stop(const JobStop& stop);
  std::vector<OperationResult> advance(const JobSlice& slice);
  void note_probe(const ModelRow& row);
  bool release(const ReleaseSlice& slice);
  InboxResult take_inbox(const InboxSlice& slice);
  OperationResult take_row(const InboxSlice& slice, const InboxRow& row);
  OperationResult change_merchant(const MerchantChange& change);
  std::uint32_t put(const MerchantRecord& record, EngineTime at);
  void move_to(const MerchantName& merchant, const std::string& before, const std::string& url);
  void forget_moved();
  void pause(const MerchantPauseChange& change);
  OperationResult reseal(const KeyReseal& reseal);
  OperationResult apply_merchants(const Operation& operation);
  std::vector<SealedKeyRow> read(const SealedKeysRead& request) const;
  OperationResult answer(const ModelRow& row, Applied applied) const;
  Applied move(ModelRow& row, State state, DueClass due_class, EngineTime next_at, EngineTime at);
  LaneId lane_of(const LaneKey& key);
  Page read(const PageRequest& request) const;
  void scan(const LaneScan& scan, BatchResult& result) const;
  LaneHead head_of(LaneId lane) const;
  DueNotification due(const ModelRow& row) const;

  ModelRecord& record_;
  RecordObserver& observer_;
  std::set<LaneId> woken_;
  std::set<MerchantName> moved_;  // to another host, by this batch
};

OutboxCounts counts_of(const ModelRecord& record);
MerchantName merchant_of(const ModelRow& row);
// What a process learns about activation when it opens the record.
ActivationRecord activation_of(const ModelRecord& record);
std::vector<Job> running_jobs(const ModelRecord& record);

std::vector<InboxStanding> inbox_of(const ModelRecord& record);
InboxErrorsPage inbox_errors_of(const ModelRecord& record, const InboxErrorsQuery& query);
// And about merchants.
MerchantsOpening merchants_of(const ModelRecord& record);

// When and how the batch in flight ends; drawn by the simulator.
struct BatchPlan {
  Duration takes{1};
  BatchFate fate = BatchFate::kCommitted;
  bool applied_if_unknown = false;
};

class ModelOutbox final : public Outbox {
 public:
  ModelOutbox(ModelRecord& record, RecordObserver& observer, std::function<BatchPlan()> plan,
              std::function<BootTime()> now)
      : writer_(record, observer), plan_(std::move(plan)), now_(std::move(now)) {}

  void submit(Batch batch) override;
  std::optional<BatchResult> take_result() override;
  std::vector<LaneHead> take_arrivals() override { return {}; }
  DiskBand disk_band() const override { return band; }

  std::optional<BootTime> next_ready() const;
  // The process dies: the batch in flight is applied or lost.
  void crash(bool applied);

  DiskBand band = DiskBand::kPlenty;

 private:
  ModelWriter writer_;
  std::function<BatchPlan()> plan_;
  std::function<BootTime()> now_;
  std::optional<Batch> batch_;
  BatchPlan current_;
  BootTime ready_at_;
};

}  // namespace ackd::sim
