#include "engine/recovery.h"

#include <algorithm>

namespace ackd {
namespace {

constexpr std::size_t kRowsPerBatch = 500;

Attempt possibly_sent_attempt(std::uint32_t number, EngineTime now) {
  Attempt attempt;
  attempt.number = number;
  attempt.outcome = OutcomeClass::kPossiblySent;
  attempt.end = TransferEnd::kAborted;
  attempt.started_at = now;
  attempt.ended_at = now;
  attempt.reason = "in flight when the daemon was killed: it may have been sent, and is sent again";
  return attempt;
}

}  // namespace

Recovery::Recovery(Core& core, Sending& sending) : core_(core), sending_(sending) {
  for (const InFlightEntry& survivor : core_.parts.in_flight.survivors()) {
    survivors_.emplace(survivor.id, survivor);
    unrecorded_.push_back(survivor.id);
    flagged_ += survivor.suspect ? 1 : 0;
  }
  if (!survivors_.empty()) core_.parts.events.on(PossiblySentFound{survivors_.size()});
  finish_if_done();
}

void Recovery::finish_if_done() {
  if (survivors_.empty()) core_.recovering = false;
}

bool Recovery::wants_rows() const {
  if (looking_up_) return false;
  if (!unrecorded_.empty()) return true;
  return core_.may_start() && core_.has_room() && core_.suspects.candidate(core_.clock.now()).has_value();
}

std::optional<RowRequest> Recovery::take_row_request() {
  if (!wants_rows()) return std::nullopt;
  RowRequest request;
  while (!unrecorded_.empty() && request.ids.size() < kRowsPerBatch) {
    request.ids.push_back(unrecorded_.front());
    unrecorded_.pop_front();
  }
  if (request.ids.empty()) {
    const std::optional<NotificationId> candidate = open_candidate();
    if (!candidate) return std::nullopt;
    request.ids.push_back(*candidate);
  }
  looking_up_ = true;
  return request;
}

// The first suspect whose lane is open; those of lanes that are closed, paused or at their rate are put last.
std::optional<NotificationId> Recovery::open_candidate() {
  const EngineTime now = core_.clock.now();
  for (std::size_t tries = core_.suspects.size(); tries > 0; --tries) {
    const std::optional<NotificationId> candidate = core_.suspects.candidate(now);
    if (!candidate) return std::nullopt;
    const Lane* lane = core_.lanes.find(core_.suspects.lane_of(*candidate));
    CHECK_THAT(lane != nullptr, "the lane of a suspect was forgotten");
    const bool may_start = lane->opens_at <= now && !lane->paused && !core_.flights.whereabouts(*candidate);
    if (may_start && core_.lanes.admits_suspect(*lane)) return candidate;
    core_.suspects.put_last();
  }
  return std::nullopt;
}

void Recovery::request_failed(const RowRequest& request) {
  looking_up_ = false;
  for (const NotificationId id : request.ids) {
    if (survivors_.contains(id)) unrecorded_.push_back(id);
  }
}

std::vector<NotificationId> Recovery::on_rows(const RowRequest& request, std::vector<StoredRow> rows) {
  looking_up_ = false;
  std::vector<NotificationId> complete;
  std::unordered_map<NotificationId, const StoredRow*> by_id;
  for (const StoredRow& stored : rows) by_id.emplace(stored.row.key.id, &stored);
  for (const NotificationId id : request.ids) {
    const auto stored = by_id.find(id);
    const auto survivor = survivors_.find(id);
    if (survivor == survivors_.end()) {
      start_suspect(id, stored == by_id.end() ? nullptr : stored->second);
    } else if (stored == by_id.end() || stored->second->row.progress.attempts >= survivor->second.attempt) {
      core_.parts.in_flight.leave(id);  // its outcome had been committed before the end
      survivors_.erase(survivor);
      complete.push_back(id);
    } else {
      record(survivor->second, *stored->second);
    }
  }
  finish_if_done();
  return complete;
}

// The attempt is recorded as possibly sent and uses up no schedule step: the merchant may never have seen it, so it is
// due again at once, and a crash between an answer and its commit costs one second send (promise 2).
void Recovery::record(const InFlightEntry& survivor, const StoredRow& stored) {
  const EngineTime now = core_.clock.now();
  Lane& lane = core_.lanes.get(stored.row.key.lane, stored.lane, stored.standing);
  lane.put_away(stored.row.key.id);
  Settlement settlement;
  settlement.key = stored.row.key;
  settlement.expected_version = stored.row.progress.version;
  settlement.attempt = possibly_sent_attempt(survivor.attempt, now);
  settlement.due_class = stored.row.key.due_class;
  settlement.next_at = stored.row.key.next_at;
  settlement.steps = stored.row.progress.steps;
  settlement.at = now;
  if (stored.row.probe) settlement.probed_url.emplace();
  const bool lonely = survivor.suspect && flagged_ == 1;
  settlement.lonely_crashes = stored.lonely_crashes + (lonely ? 1 : 0);
  if (settlement.lonely_crashes >= Suspects::kLonelyCrashesMax) {
    settlement.state = State::kHeld;
    settlement.reason = "quarantined: the daemon died " + std::to_string(settlement.lonely_crashes) +
                        " times while this was the only suspect in flight; retry it once the cause is found";
    core_.parts.events.on(NotificationQuarantined{stored.row.key.id, settlement.lonely_crashes});
  }
  core_.flights.settle_unflown(stored.row.key.id);
  core_.outgoing.add(PendingSettlement{std::move(settlement), stored.lane, stored.row.subject, Duration(0), true});
}

void Recovery::on_recovered(const Settlement& settlement, const OperationResult& result) {
  const NotificationId id = settlement.key.id;
  const auto survivor = survivors_.find(id);
  CHECK_THAT(survivor != survivors_.end(), "a recovery was committed that nobody asked for");
  if (result.state == State::kPending) {
    core_.suspects.add(id, settlement.key.lane, survivor->second.suspect);
  } else {
    Lane* lane = core_.lanes.find(settlement.key.lane);
    lane->bring_back(id);
    core_.lanes.reconsider(*lane, core_.clock.now());
  }
  core_.parts.in_flight.leave(id);
  survivors_.erase(survivor);
  finish_if_done();
}

void Recovery::start_suspect(NotificationId id, const StoredRow* stored) {
  if (!core_.suspects.contains(id) || core_.flights.whereabouts(id)) return;  // an operator was faster
  const EngineTime now = core_.clock.now();
  Lane* lane = core_.lanes.find(core_.suspects.lane_of(id));
  if (stored == nullptr || stored->row.key.next_at > now) {
    core_.suspects.remove(id);
    lane->bring_back(id);
    if (stored != nullptr) core_.lanes.note_beyond(*lane, stored->row.key.due_class, stored->row.key.next_at);
    core_.lanes.reconsider(*lane, now);
    return;
  }
  if (!core_.may_start() || !core_.has_room() || lane->paused || core_.suspects.candidate(now) != id) return;
  if (!core_.lanes.admits_suspect(*lane)) return core_.suspects.put_last();
  core_.suspects.started(id, now);
  core_.lanes.started(*lane);
  const LaneKey key = lane->key().copy();
  core_.lanes.reconsider(*lane, now);
  sending_.start(stored->row, key, true);
}

std::optional<EngineTime> Recovery::next_wake() const {
  if (!core_.may_start()) return std::nullopt;
  return core_.suspects.next_wake(core_.clock.now());
}

}  // namespace ackd
