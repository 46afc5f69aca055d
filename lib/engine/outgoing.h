// What waits to be written, and what the batch in flight was made of. Settlements go first, because each holds a slot
// of the unsettled cap and a connection's worth of truth; admissions keep a guaranteed share of every batch.
#pragma once

#include <deque>
#include <span>
#include <variant>
#include <vector>

#include "engine/requests.h"
#include "outbox/outbox.h"

namespace ackd {

// A settlement with what the engine must do once it is committed.
struct PendingSettlement {
  Settlement settlement;
  LaneKey lane;
  std::string subject;
  Duration took{0};
  bool recovery = false;  // of a survivor of a crash
};

struct PendingChange {
  OperatorChange change;
  ItemPlace place;
};

struct PendingJobWish {
  std::variant<JobStart, JobStop> wish;
  ItemPlace place;
};

struct PendingAdmission {
  Admission admission;
  ItemPlace place;
  std::size_t bytes = 0;
};

// The operations of one batch, in the order of its results: settlements, changes, wishes about jobs, admissions. While
// the batch is in flight the outbox has them, and what is kept here is who waits for them.
struct Shipment {
  std::vector<PendingSettlement> settlements;
  std::vector<PendingChange> changes;
  std::vector<PendingJobWish> job_wishes;
  std::vector<PendingAdmission> admissions;

  std::size_t size() const { return settlements.size() + changes.size() + job_wishes.size() + admissions.size(); }
  void give_to(std::vector<Operation>& operations);
  // REQUIRES: what give_to() gave, in the same order.
  void take_back(std::span<Operation> operations);
};

class Outgoing {
 public:
  void add(PendingSettlement settlement) { settlements_.push_back(std::move(settlement)); }
  void add(PendingChange change) { changes_.push_back(std::move(change)); }
  void add(PendingJobWish wish) { job_wishes_.push_back(std::move(wish)); }
  void add(PendingAdmission admission);

  // The next batch's operations, as many as it has room for besides others, and within kBatchBytesMax.
  Shipment take_shipment(std::size_t operations_max = kBatchOperationsMax);
  // A batch failed as a whole: its settlements go back to the front, in order.
  void return_settlements(std::vector<PendingSettlement> settlements);
  // Empties the queues of callers' wishes, for answering them all with a refusal.
  std::vector<PendingChange> take_changes();
  std::vector<PendingJobWish> take_job_wishes();
  std::vector<PendingAdmission> take_admissions();

  bool empty() const { return settlements_.empty() && settlements_only(); }
  // Nobody waits for an answer.
  bool settlements_only() const { return changes_.empty() && job_wishes_.empty() && admissions_.empty(); }
  std::size_t settlements() const { return settlements_.size(); }
  std::size_t admissions() const { return admissions_.size(); }
  std::size_t admission_bytes() const { return admission_bytes_; }

 private:
  std::deque<PendingSettlement> settlements_;
  std::deque<PendingChange> changes_;
  std::deque<PendingJobWish> job_wishes_;
  std::deque<PendingAdmission> admissions_;
  std::size_t admission_bytes_ = 0;
};

// What an admission costs of a batch and of the queue.
std::size_t bytes_of(const Admission& admission);

}  // namespace ackd
