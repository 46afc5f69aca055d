#include "engine/committing.h"

#include <algorithm>
#include <utility>

#include "base/planted_bug.h"
#include "engine/handover.h"

namespace ackd {
namespace {

constexpr std::size_t kPagesPerBatch = 64;
// A disk's longest syncs take some tens of milliseconds. Callers must hear within two seconds that it hangs.
constexpr Duration kStalledAfter{1'500};

}  // namespace

void Committing::admit(Ticket ticket, std::vector<Admission> admissions) {
  core_.requests.open(ticket, admissions.size());
  for (std::size_t i = 0; i < admissions.size(); ++i) {
    core_.outgoing.add(PendingAdmission{std::move(admissions[i]), {ticket, i}, 0});
  }
}

void Committing::change(Ticket ticket, std::vector<OperatorChange> changes) {
  core_.requests.open(ticket, changes.size());
  for (std::size_t i = 0; i < changes.size(); ++i) route(PendingChange{std::move(changes[i]), {ticket, i}});
}

// What cannot be decided now is asked again after the commit that it waits for.
void Committing::route(PendingChange pending) {
  const NotificationId id = pending.change.id;
  const Handover handover = hand_over(core_, recovery_, pending.change);
  if (handover == Handover::kBusy) {
    deferred_.emplace(id, std::move(pending));
    return;
  }
  if (handover == Handover::kInFlight && pending.change.verb != OperatorVerb::kCancel) {
    OperationResult refused;
    refused.applied = Applied::kForbidden;
    refused.id = id;
    core_.requests.decide(pending.place, refused);
    return;
  }
  pending.change.replay_id = core_.ids.next(core_.clock.now());
  pending.change.at = core_.clock.now();
  core_.outgoing.add(std::move(pending));
}

void Committing::ship() {
  const EngineTime now = core_.clock.now();
  if (core_.batch_in_flight || core_.storage_retry_at > now) return;
  if (gathering_.waits({core_.outgoing.settlements(), core_.flights.flying(), hurries()}, now)) return;
  batched_ = {};
  batched_.job = bulk_changes_.next_slice();
  // With nothing left to write no commit can tell that the trouble is over; the next one that fails will.
  const bool nothing_waits = core_.outgoing.empty() && !batched_.job && !inboxing_.waits() && merchants_.idle();
  if (nothing_waits && core_.parts.outbox.disk_band() != DiskBand::kCritical) end_trouble();
  activating_.queue_probes();
  Batch batch = next_batch();
  if (batch.empty()) return;
  batched_.writes = batch.writes();
  ++core_.batches;
  core_.batch_in_flight = true;
  core_.batch_shipped_at = now;
  core_.parts.outbox.submit(std::move(batch));
}

// Something that waits for the next batch should not wait longer: a caller, a job, a lane that has nothing to send.
bool Committing::hurries() const {
  return !core_.outgoing.settlements_only() || core_.lanes.starving() || inboxing_.waits() || !merchants_.idle() ||
         bulk_changes_.waits() || core_.recovering || core_.discovering || core_.draining;
}

Batch Committing::next_batch() {
  const EngineTime now = core_.clock.now();
  Batch batch;
  merchants_.take_into(batch);
  batched_.merchant_operations = batch.operations.size();
  resealing_.take_into(batch);
  batched_.reseals = batch.operations.size() - batched_.merchant_operations;
  batched_.release = activating_.next_slice();
  batched_.shipment = core_.outgoing.take_shipment(kBatchOperationsMax - batch.operations.size());
  for (PendingSettlement& pending : batched_.shipment.settlements) {
    pending.settlement.standing = core_.lanes.find(pending.settlement.key.lane)->take_news();
  }
  for (PendingAdmission& pending : batched_.shipment.admissions) {
    pending.admission.notification.id = core_.ids.next(now);
    if (PLANTED(kAnswerBeforeCommit)) {
      OperationResult early;
      early.id = pending.admission.notification.id;
      core_.requests.decide(pending.place, early);
    }
  }
  batched_.shipment.give_to(batch.operations);
  batch.job = batched_.job;
  batch.release = batched_.release;
  batch.inbox = inboxing_.next_slice();
  batched_.inbox = batch.inbox.has_value();
  batched_.rows = recovery_.take_row_request();
  batch.rows = batched_.rows;
  if (core_.may_start()) batched_.pages = core_.lanes.take_page_requests(kPagesPerBatch, now);
  batch.pages = batched_.pages;
  if (core_.discovering && !core_.draining) {
    batched_.scans = true;
    batch.scan = LaneScan{scanned_to_, core_.options.lanes_per_scan};
  }
  return batch;
}

void Committing::take_result() {
  if (const std::optional<std::string> failure = core_.parts.outbox.failure()) return fail(*failure);
  if (!core_.batch_in_flight) return;
  std::optional<BatchResult> result = core_.parts.outbox.take_result();
  if (!result) return;
  core_.batch_in_flight = false;
  end_stall();
  if (result->fate == BatchFate::kUnknown) return fail(result->trouble);
  const std::size_t before = batched_.merchant_operations + batched_.reseals;
  CHECK_THAT(result->operations.size() >= before, "the outbox gave another number of operations back");
  batched_.shipment.take_back(std::span(result->operations).subspan(before));
  result->fate == BatchFate::kCommitted ? on_committed(std::move(*result)) : on_failed(result->trouble);
}

void Committing::watch_batch() {
  if (!core_.batch_in_flight || core_.storage_stalled) return;
  if (core_.clock.now() < core_.batch_shipped_at + kStalledAfter) return;
  core_.storage_stalled = true;
  core_.parts.events.on(StorageTrouble{"the storage is stalled: its disk has not answered for 1.5 seconds", false});
  // What the batch holds may yet be recorded, so its callers have to wait; those behind it need not.
  const Error refusal{ErrorCode::kUnavailable, "not recorded: the disk of the outbox does not answer", {}};
  for (const PendingAdmission& pending : core_.outgoing.take_admissions()) refuse(pending, refusal);
}

void Committing::end_stall() {
  if (!std::exchange(core_.storage_stalled, false) || core_.storage_trouble) return;
  core_.parts.events.on(StorageTrouble{"the outbox can be written again", true});
}

std::optional<EngineTime> Committing::next_wake() const {
  if (core_.batch_in_flight && !core_.storage_stalled) return core_.batch_shipped_at + kStalledAfter;
  if (core_.storage_trouble) return core_.storage_retry_at;
  return gathering_.until();
}

void Committing::fail(const std::string& why) {
  core_.fatal = Error{ErrorCode::kCorrupt, why, {}};
  core_.parts.events.on(StorageFailed{why});
}

void Committing::on_committed(BatchResult result) {
  Batched batched = std::exchange(batched_, {});
  Shipment& shipment = batched.shipment;
  std::size_t next = batched.merchant_operations + batched.reseals;
  const std::size_t operations = next + shipment.size();
  CHECK_THAT(result.results.size() == operations, "the outbox answered another number of operations");
  if (batched.writes) end_trouble();
  on_merchants(result, batched);
  for (PendingSettlement& pending : shipment.settlements) on_settled(pending, result.results[next++]);
  for (PendingChange& pending : shipment.changes) on_changed(pending, result.results[next++], result.woken);
  for (PendingJobWish& pending : shipment.job_wishes) bulk_changes_.on_wish(pending, result.results[next++]);
  for (PendingAdmission& pending : shipment.admissions) on_admitted(pending, result.results[next++], result.woken);
  if (batched.job) on_job_slice(*batched.job, result);
  if (batched.inbox) inboxing_.on_committed(std::move(result.inbox).value(), result.woken);
  if (batched.release) {
    for (const LaneHead& head : result.woken) core_.wake_lane(head);
    activating_.on_release(*batched.release, result.release_complete);
  }
  on_pages(std::move(result.pages));
  if (batched.scans) on_scan(result);
  if (!batched.rows) return;
  for (const NotificationId id : recovery_.on_rows(*batched.rows, std::move(result.rows))) rerun_deferred(id);
}

// First, so that what else the batch decided is judged by the merchants as they are now.
void Committing::on_merchants(BatchResult& result, const Batched& batched) {
  const std::span<const OperationResult> results(result.results);
  merchants_.on_committed(results.first(batched.merchant_operations));
  resealing_.on_committed(results.subspan(batched.merchant_operations, batched.reseals), std::move(result.sealed));
}

// Nothing was recorded. Outcomes are kept and tried again; callers are told to come back.
void Committing::on_failed(const std::string& trouble) {
  Batched batched = std::exchange(batched_, {});
  if (!std::exchange(core_.storage_trouble, true)) core_.parts.events.on(StorageTrouble{trouble, false});
  core_.storage_retry_at = core_.clock.now() + core_.options.storage_retry;
  for (const PendingSettlement& pending : batched.shipment.settlements) {
    if (pending.settlement.standing) core_.lanes.find(pending.settlement.key.lane)->untold = true;
  }
  if (!PLANTED(kForgetFailedBatch)) {
    core_.outgoing.return_settlements(std::move(batched.shipment.settlements));
  }
  const Error refusal{ErrorCode::kStorageFull, "not recorded: " + trouble, {}};
  for (const PendingAdmission& pending : batched.shipment.admissions) {
    if (!PLANTED(kAnswerBeforeCommit)) refuse(pending, refusal);
  }
  for (const PendingAdmission& pending : core_.outgoing.take_admissions()) refuse(pending, refusal);
  merchants_.on_failed(refusal);
  resealing_.on_failed();
  std::vector<PendingChange> changes = std::move(batched.shipment.changes);
  for (PendingChange& pending : core_.outgoing.take_changes()) changes.push_back(std::move(pending));
  if (batched.job) {
    for (OperatorChange& change : batched.job->changes) changes.push_back({std::move(change), {}});
  }
  for (const PendingChange& pending : changes) {
    take_back(core_, pending.change);
    core_.requests.decide(pending.place, refusal);
  }
  for (const PendingJobWish& pending : batched.shipment.job_wishes) bulk_changes_.on_wish_failed(pending, refusal);
  for (const PendingJobWish& pending : core_.outgoing.take_job_wishes()) bulk_changes_.on_wish_failed(pending, refusal);
  for (const PendingChange& pending : changes) rerun_deferred(pending.change.id);
  if (batched.inbox) inboxing_.on_failed();
  for (const PageRequest& request : batched.pages) {
    core_.lanes.page_failed(request);
    core_.lanes.reconsider(*core_.lanes.find(request.lane), core_.clock.now());
  }
  if (batched.rows) recovery_.request_failed(*batched.rows);
}

void Committing::refuse(const PendingAdmission& pending, const Error& refusal) {
  if (pending.place.ticket == 0) return activating_.on_probe_lost(pending.admission.notification);
  core_.requests.decide(pending.place, refusal);
}

void Committing::end_trouble() {
  if (!std::exchange(core_.storage_trouble, false)) return;
  core_.storage_retry_at = EngineTime::min();
  core_.parts.events.on(StorageTrouble{"the outbox can be written again", true});
}

void Committing::on_settled(PendingSettlement& pending, const OperationResult& result) {
  const Settlement& settlement = pending.settlement;
  const NotificationId id = settlement.key.id;
  CHECK_THAT(result.applied == Applied::kApplied, "the outbox has another version of a row that only we may change");
  core_.flights.forget(id);
  if (settlement.attempt) ++core_.attempts_settled;
  if (pending.recovery) {
    recovery_.on_recovered(settlement, result);
  } else {
    Lane* lane = core_.lanes.find(settlement.key.lane);
    lane->bring_back(id);
    core_.suspects.remove(id);
    if (settlement.attempt) core_.parts.in_flight.leave(id);
    if (result.state == State::kPending) core_.lanes.note_beyond(*lane, settlement.due_class, result.next_at);
    core_.lanes.reconsider(*lane, core_.clock.now());
  }
  if (settlement.attempt) {
    core_.parts.events.on(AttemptSettled{id, pending.lane, pending.subject, settlement.attempt->number,
                                         settlement.attempt->outcome, settlement.attempt->status,
                                         settlement.attempt->reason, result.state, result.next_at, pending.took,
                                         settlement.probed_url.has_value()});
  }
  if (settlement.probed_url) activating_.on_probe_settled(pending, result);
  if (settlement.awaits_merchant && result.state == State::kHeld) activating_.on_awaiting(pending.lane);
  rerun_deferred(id);
}

void Committing::rerun_deferred(NotificationId id) {
  std::vector<PendingChange> changes;
  const auto [first, last] = deferred_.equal_range(id);
  for (auto entry = first; entry != last; ++entry) changes.push_back(std::move(entry->second));
  deferred_.erase(first, last);
  for (PendingChange& pending : changes) route(std::move(pending));
}

void Committing::on_changed(PendingChange& pending, const OperationResult& result, const std::vector<LaneHead>& woken) {
  const NotificationId id = pending.change.id;
  for (const LaneHead& head : woken) core_.wake_lane(head);
  OperationResult answer = result;
  if (core_.flights.whereabouts(id) == Whereabouts::kOperating) {
    core_.flights.forget(id);
    if (core_.suspects.contains(id)) clear_of_suspicion(id, result);
    rerun_deferred(id);
  } else if (pending.change.in_flight && result.state == State::kCancelled) {
    answer.applied = Applied::kApplied;  // its settlement was faster and has obeyed the wish already
  }
  core_.requests.decide(pending.place, answer);
}

void Committing::on_job_slice(const JobSlice& slice, const BatchResult& result) {
  CHECK_THAT(result.job.size() == slice.changes.size(), "the outbox answered another number of a job's changes");
  for (const LaneHead& head : result.woken) core_.wake_lane(head);
  for (std::size_t i = 0; i < slice.changes.size(); ++i) {
    PendingChange pending{slice.changes[i], {}};
    on_changed(pending, result.job[i], {});
  }
  bulk_changes_.on_slice(slice, result.job);
}

// An operator has looked at it: it takes its turn in its lane like any other.
void Committing::clear_of_suspicion(NotificationId id, const OperationResult& result) {
  Lane* lane = core_.lanes.find(core_.suspects.lane_of(id));
  lane->bring_back(id);
  core_.suspects.remove(id);
  if (result.state == State::kPending) {
    core_.lanes.note_beyond(*lane, DueClass::kFresh, result.next_at);
    core_.lanes.note_beyond(*lane, DueClass::kRetry, result.next_at);
  }
  core_.lanes.reconsider(*lane, core_.clock.now());
}

void Committing::on_admitted(PendingAdmission& pending, const OperationResult& result,
                             const std::vector<LaneHead>& woken) {
  core_.tell_lane(pending.admission, result, woken);
  if (pending.admission.awaits_merchant && result.state == State::kHeld) {
    activating_.on_awaiting(pending.admission.notification.lane);
  }
  if (!PLANTED(kAnswerBeforeCommit)) core_.requests.decide(pending.place, result);
}

void Committing::on_pages(std::vector<Page> pages) {
  for (Page& page : pages) {
    Lane* lane = core_.lanes.find(page.lane);
    CHECK_THAT(lane != nullptr, "a lane was forgotten while its page was being read");
    const DueClass due_class = page.due_class;
    core_.lanes.page_read(std::move(page), [&](const DueNotification& row) {
      if (core_.suspects.contains(row.key.id)) return true;
      const std::optional<Whereabouts> where = core_.flights.whereabouts(row.key.id);
      // A change is on its way; the row is read again after it.
      if (where == Whereabouts::kOperating) core_.lanes.note_beyond(*lane, due_class, row.key.next_at);
      return where.has_value() && !PLANTED(kReadAwayRows);
    });
    core_.lanes.reconsider(*lane, core_.clock.now());
  }
}

void Committing::on_scan(const BatchResult& result) {
  for (const LaneHead& head : result.lanes) {
    core_.wake_lane(head);
    scanned_to_ = head.lane;
  }
  if (result.scan_complete || PLANTED(kStopDiscovery)) core_.discovering = false;
}

}  // namespace ackd
