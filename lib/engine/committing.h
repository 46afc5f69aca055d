// The stage that writes: the next batch out, the result of the last one in. What callers and lanes learn, they learn
// here, after the commit.
#pragma once

#include <map>
#include <vector>

#include "engine/activating.h"
#include "engine/bulk_changes.h"
#include "engine/core.h"
#include "engine/inboxing.h"
#include "engine/merchant_changes.h"
#include "engine/recovery.h"
#include "engine/resealing.h"
#include "policy/gathering.h"

namespace ackd {

class Committing {
 public:
  // All must outlive it.
  Committing(Core& core, Recovery& recovery, Activating& activating, BulkChanges& bulk_changes, Inboxing& inboxing,
             MerchantChanges& merchants, Resealing& resealing)
      : core_(core),
        recovery_(recovery),
        activating_(activating),
        bulk_changes_(bulk_changes),
        inboxing_(inboxing),
        merchants_(merchants),
        resealing_(resealing) {}

  void admit(Ticket ticket, std::vector<Admission> admissions);
  void change(Ticket ticket, std::vector<OperatorChange> changes);

  // Takes in the result of the batch in flight, if it is there.
  void take_result();
  // Finds out that the batch in flight is stuck: then callers are sent away rather than left waiting.
  void watch_batch();
  std::optional<EngineTime> next_wake() const;
  // Hands over the next batch, unless one is in flight or there is nothing to write or read.
  void ship();

 private:
  struct Batched {
    Shipment shipment;
    std::optional<JobSlice> job;
    std::optional<ReleaseSlice> release;
    std::vector<PageRequest> pages;
    std::optional<RowRequest> rows;
    std::size_t merchant_operations = 0;
    std::size_t reseals = 0;
    bool scans = false;
    bool inbox = false;
    bool writes = false;
  };

  void route(PendingChange change);
  bool hurries() const;
  Batch next_batch();
  void on_merchants(BatchResult& result, const Batched& batched);
  void on_committed(BatchResult result);
  void on_failed(const std::string& trouble);
  void fail(const std::string& why);
  void end_stall();
  void on_settled(PendingSettlement& pending, const OperationResult& result);
  void on_job_slice(const JobSlice& slice, const BatchResult& result);
  void on_changed(PendingChange& pending, const OperationResult& result, const std::vector<LaneHead>& woken);
  void on_admitted(PendingAdmission& pending, const OperationResult& result, const std::vector<LaneHead>& woken);
  void refuse(const PendingAdmission& pending, const Error& refusal);
  void on_pages(std::vector<Page> pages);
  void on_scan(const BatchResult& result);
  void rerun_deferred(NotificationId id);
  void clear_of_suspicion(NotificationId id, const OperationResult& result);
  void end_trouble();

  Core& core_;
  Recovery& recovery_;
  Activating& activating_;
  BulkChanges& bulk_changes_;
  Inboxing& inboxing_;
  MerchantChanges& merchants_;
  Resealing& resealing_;
  Batched batched_;
  Gathering gathering_;
  LaneId scanned_to_;
  // Changes of notifications about which something else is being committed: decided afterwards, in their order.
  std::multimap<NotificationId, PendingChange> deferred_;
};

}  // namespace ackd
