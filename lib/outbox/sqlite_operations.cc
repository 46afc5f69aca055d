#include "outbox/sqlite_operations.h"

#include <algorithm>

#include "outbox/attempt_chain.h"
#include "outbox/payload_seal.h"

namespace ackd {
namespace {

OperationResult result_of(Applied applied, NotificationId id, const Standing& standing) {
  const bool pending = standing.state == State::kPending;
  return {applied,        id,
          standing.state, standing.progress.version,
          standing.lane,  pending ? standing.state_at : EngineTime{}};
}

OperationResult not_found(NotificationId id) {
  OperationResult result;
  result.applied = Applied::kNotFound;
  result.id = id;
  return result;
}

}  // namespace

SqliteOperations::SqliteOperations(SqliteDatabase& database, SqliteLanes& lanes, std::int64_t run)
    : database_(database),
      lanes_(lanes),
      run_(run),
      standings_(database),
      counters_(database),
      activation_(database),
      merchants_(database, lanes),
      claim_key_(database,
                 "INSERT INTO admission_key(merchant, key, id, content_hash) VALUES(?, ?, ?, ?)"
                 " ON CONFLICT(merchant, key) DO NOTHING"),
      owner_of_key_(database, "SELECT id, content_hash FROM admission_key WHERE merchant=? AND key=?"),
      add_notification_(database,
                        "INSERT INTO notification(id, lane, not_before, content_hash, revision, admitted_at,"
                        " replay_of, subject, type, key, url, tags, content, probe, seal)"
                        " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
      copy_notification_(database,
                         "INSERT INTO notification(id, lane, not_before, content_hash, revision, admitted_at,"
                         " replay_of, subject, type, key, url, tags, content, probe, seal)"
                         " SELECT ?1, lane, ?2, content_hash, revision, ?2, id, subject, type,"
                         " key || '#replay-' || ?1, url, tags, content, probe, seal FROM notification WHERE id=?3"),
      claim_key_of_copy_(database,
                         "INSERT INTO admission_key(merchant, key, id, content_hash)"
                         " SELECT l.merchant, n.key, n.id, n.content_hash FROM notification n"
                         " JOIN lane l ON l.id=n.lane WHERE n.id=?"),
      enqueue_(database,
               "INSERT INTO queue(lane, class, next_at, id, version, attempts, steps, noted)"
               " VALUES(?,?,?,?,?,?,?,?)"),
      dequeue_plain_(database,
                     "DELETE FROM queue WHERE lane=? AND class=? AND next_at=? AND id=? AND version=? AND noted=0"),
      dequeue_(database, "DELETE FROM queue WHERE lane=? AND class=? AND next_at=? AND id=?"),
      add_attempt_(database,
                   "INSERT INTO attempt(id, n, state, class, state_at, version, steps, chain, outcome, ending,"
                   " started_at, ended_at, status, sends, run, signed_at, request_hash, key_id, nonce, peer,"
                   " state_reason, reason, content_type, excerpt)"
                   " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
      content_hash_(database, "SELECT content_hash FROM notification WHERE id=?"),
      link_(database, "SELECT chain FROM attempt WHERE id=? AND n<? ORDER BY n DESC LIMIT 1"),
      note_(database,
            "REPLACE INTO standing(id, state, class, state_at, version, attempts, steps, cancel_asked,"
            " lonely_crashes, reason, awaits) VALUES(?,?,?,?,?,?,?,?,?,?,?)"),
      drop_note_(database, "DELETE FROM standing WHERE id=?"),
      add_done_(database, "INSERT INTO done(at, id, state) VALUES(?,?,?)") {}

void SqliteOperations::begin() {
  counters_.clear();
  merchants_.begin();
  woken_.clear();
}

void SqliteOperations::finish() {
  merchants_.finish();
  counters_.write();
}

std::vector<LaneId> SqliteOperations::woken() const {
  std::vector<LaneId> lanes = woken_;
  std::ranges::sort(lanes);
  lanes.erase(std::unique(lanes.begin(), lanes.end()), lanes.end());
  return lanes;
}

OperationResult SqliteOperations::apply(const Operation& operation) {
  if (const auto* admission = std::get_if<Admission>(&operation)) return admit(*admission);
  if (const auto* settlement = std::get_if<Settlement>(&operation)) return settle(*settlement);
  if (const auto* wish = std::get_if<OperatorChange>(&operation)) return change(*wish);
  return std::visit(
      [this](const auto& merchants) -> OperationResult {
        if constexpr (requires { merchants_.apply(merchants); }) {
          if constexpr (requires { merchants.at; }) counters_.recorded_at(merchants.at);
          return merchants_.apply(merchants);
        }
        CHECK_THAT(false, "an operation that no table knows");
        return {};
      },
      operation);
}

void SqliteOperations::import(const MerchantImport& import) {
  merchants_.import(import);
  counters_.recorded_at(import.at);
}

// --- Admission ---

OperationResult SqliteOperations::admit(const Admission& admission) {
  const Notification& n = admission.notification;
  const StoredLane stored = lanes_.find_or_make(n.lane);
  if (n.probe) {
    if (const auto open = activation_.open_probe(stored.merchant)) return beside_probe(n, stored.merchant, *open);
  }
  if (claim_key_.run(stored.merchant, n.key, n.id, n.content_hash) == 0) return already_admitted(stored.merchant, n);
  add_notification_.run(n.id, stored.lane, n.not_before, n.content_hash, n.revision, n.admitted_at, n.replay_of,
                        n.subject, n.type, n.key, n.url, SqliteBlob{n.tags}, SqliteBlob{n.content}, n.probe,
                        payload_seal({stored.lane, n.revision, n.subject, n.url, n.content}));
  Standing standing;
  standing.lane = stored.lane;
  standing.state = admission.held_reason.empty() ? State::kPending : State::kHeld;
  standing.state_at = n.not_before;
  standing.reason = admission.held_reason;
  standing.noted = standing.state == State::kHeld;
  if (admission.awaits_merchant && standing.noted) standing.awaits = stored.merchant;
  if (n.probe && standing.state == State::kPending) activation_.opened(stored.merchant, n.id);
  place(n.id, standing, false);
  counters_.admitted(n.id, standing.state);
  counters_.recorded_at(n.admitted_at);
  if (standing.state == State::kPending) wake(stored.lane);
  return result_of(Applied::kApplied, n.id, standing);
}

OperationResult SqliteOperations::already_admitted(std::int64_t merchant, const Notification& notification) {
  NotificationId first;
  Applied applied = Applied::kConflict;
  {
    const SqliteRow row = owner_of_key_.find(merchant, notification.key);
    if (!row) return not_found(notification.id);  // only after trouble, which the database keeps
    first = row.id(0);
    if (row.hash(1) == notification.content_hash) applied = Applied::kDuplicate;
  }
  // The key outlives the notification's purge; what is gone had ended.
  Standing gone;
  gone.state = State::kDelivered;
  return result_of(applied, first, standings_.find(first).value_or(gone));
}

// A probe while another one is pending: the same one asked for again, or one too many.
OperationResult SqliteOperations::beside_probe(const Notification& notification, std::int64_t merchant,
                                               NotificationId open) {
  const bool known = static_cast<bool>(owner_of_key_.find(merchant, notification.key));
  return known ? already_admitted(merchant, notification) : open_probe(open);
}

OperationResult SqliteOperations::open_probe(NotificationId probe) {
  const auto standing = standings_.find(probe);
  return standing ? result_of(Applied::kProbeOpen, probe, *standing) : not_found(probe);
}

// --- Settlement ---

OperationResult SqliteOperations::settle(const Settlement& settlement) {
  const QueueKey& key = settlement.key;
  // The usual case needs no read: an attempt ended, and nobody noted anything since its row was handed out.
  if (settlement.attempt &&
      dequeue_plain_.run(key.lane, key.due_class, key.next_at, key.id, settlement.expected_version) == 1) {
    Standing from;
    from.lane = key.lane;
    from.progress.version = settlement.expected_version;
    return settle_as(settlement, from);
  }
  const auto from = standings_.find(key.id);
  if (!from) return not_found(key.id);
  if (from->state != State::kPending || from->progress.version != settlement.expected_version) {
    return result_of(Applied::kStale, key.id, *from);
  }
  const QueueKey stored = from->queue_key(key.id);
  if (dequeue_.run(stored.lane, stored.due_class, stored.next_at, stored.id) != 1) {
    database_.note_contradiction("a pending notification is not in the queue");
  }
  return settle_as(settlement, *from);
}

// REQUIRES: the notification was taken off the queue, where it stood as `from`.
OperationResult SqliteOperations::settle_as(const Settlement& settlement, const Standing& from) {
  Standing to = from;
  const bool cancelled = from.cancel_asked && settlement.state != State::kDelivered;
  to.state = cancelled ? State::kCancelled : settlement.state;
  if (!cancelled) to.reason = settlement.reason;
  if (to.state == State::kPending) {
    to.due_class = settlement.due_class;
    to.state_at = settlement.next_at;
  } else {
    to.state_at = is_final(to.state) ? settlement.at : settlement.key.next_at;
  }
  to.cancel_asked = false;
  to.lonely_crashes = settlement.lonely_crashes;
  to.progress.version = from.progress.version + 1;
  to.progress.steps = settlement.steps;
  if (settlement.attempt) to.progress.attempts = settlement.attempt->number;
  const bool told_by_attempt = settlement.attempt && to.state != State::kHeld && to.lonely_crashes == 0;
  to.noted = !told_by_attempt;
  if (settlement.awaits_merchant && to.state == State::kHeld) to.awaits = activation_.merchant_of(to.lane);
  if (settlement.probed_url) settle_probe(settlement, to);
  if (settlement.standing) lanes_.set_standing(to.lane, *settlement.standing);
  if (settlement.attempt) append_attempt(settlement, to);
  place(settlement.key.id, to, from.noted);
  counters_.move(State::kPending, to.state);
  counters_.recorded_at(settlement.at);
  return result_of(Applied::kApplied, settlement.key.id, to);
}

void SqliteOperations::settle_probe(const Settlement& settlement, const Standing& to) {
  if (to.state == State::kDelivered) activation_.activated(to.lane, *settlement.probed_url, settlement.at);
  if (to.state != State::kPending) activation_.closed(to.lane, settlement.key.id);
}

void SqliteOperations::append_attempt(const Settlement& settlement, const Standing& after) {
  const Attempt& attempt = *settlement.attempt;
  const Hash link = chain_next(previous_link(settlement), attempt);
  add_attempt_.run(settlement.key.id, attempt.number, after.state, after.due_class, after.state_at,
                   after.progress.version, after.progress.steps, link, name_of(attempt.outcome), name_of(attempt.end),
                   attempt.started_at, attempt.ended_at, attempt.status, attempt.sends, run_, attempt.signed_at,
                   attempt.request_hash, attempt.key_id, attempt.nonce, attempt.peer, after.reason, attempt.reason,
                   attempt.content_type, SqliteBlob{attempt.excerpt});
  counters_.add(Counter::kAttempts, 1);
  if (attempt.outcome == OutcomeClass::kPossiblySent) counters_.add(Counter::kPossiblySent, 1);
  counters_.add(Counter::kSilentResends, std::int64_t{attempt.sends} - 1);
  counters_.recorded_at(attempt.ended_at);
}

// A gap in the numbers is no trouble: after a restored backup the in-flight file may know of attempts that the record
// has lost, and the chain then says what is there.
Hash SqliteOperations::previous_link(const Settlement& settlement) {
  const NotificationId id = settlement.key.id;
  const std::uint32_t number = settlement.attempt->number;
  if (number > 1) {
    if (const SqliteRow row = link_.find(id, number)) return row.hash(0);
  }
  if (settlement.content_hash) return chain_start(*settlement.content_hash, id);
  if (const SqliteRow row = content_hash_.find(id)) return chain_start(row.hash(0), id);
  database_.note_contradiction("a queue row without its notification");
  return {};
}

void SqliteOperations::place(NotificationId id, const Standing& to, bool had_note) {
  if (to.noted) {
    note_.run(id, to.state, to.due_class, to.state_at, to.progress.version, to.progress.attempts, to.progress.steps,
              to.cancel_asked, to.lonely_crashes, to.reason, to.awaits);
  } else if (had_note) {
    drop_note_.run(id);
  }
  if (to.state == State::kPending) {
    enqueue_.run(to.lane, to.due_class, to.state_at, id, to.progress.version, to.progress.attempts, to.progress.steps,
                 to.noted);
  } else if (is_final(to.state)) {
    add_done_.run(to.state_at, id, to.state);
  }
}

// --- Operators ---

OperationResult SqliteOperations::change(const OperatorChange& change) {
  auto standing = standings_.find(change.id);
  if (!standing) return not_found(change.id);
  counters_.recorded_at(change.at);
  if (was_obeyed(change, standing->state)) return result_of(Applied::kIntent, change.id, *standing);
  const bool expected = !change.expected_state || *change.expected_state == standing->state;
  if (!expected || !may_steer(change.verb, standing->state)) {
    return result_of(Applied::kForbidden, change.id, *standing);
  }
  if (is_final(standing->state)) return replay(change, *standing);
  if (change.verb == OperatorVerb::kCancel) return cancel(change, *standing);
  // A row that moved while in flight would make its own outcome stale, and the attempt would be lost.
  if (change.in_flight) return result_of(Applied::kForbidden, change.id, *standing);
  if (change.verb == OperatorVerb::kRetry) return retry(change, *standing);
  const bool releases = change.verb == OperatorVerb::kRelease;
  Standing to = *standing;
  to.state = releases ? State::kPending : State::kHeld;
  to.reason = releases ? std::string() : change.reason;
  // Releasing is not hurrying: what was not due when it was held keeps its time. To hurry is kRetry.
  if (releases) to.state_at = std::max(change.at, standing->state_at);
  return move(change.id, *standing, to);
}

OperationResult SqliteOperations::cancel(const OperatorChange& change, Standing standing) {
  Standing to = standing;
  to.reason = change.reason;
  if (change.in_flight && standing.state == State::kPending) {
    // The version stays: the outcome that is on its way must still find its row.
    to.cancel_asked = true;
    to.noted = true;
    const QueueKey key = standing.queue_key(change.id);
    dequeue_.run(key.lane, key.due_class, key.next_at, key.id);
    place(change.id, to, standing.noted);
    return result_of(Applied::kIntent, change.id, to);
  }
  to.state = State::kCancelled;
  to.state_at = change.at;
  return move(change.id, standing, to);
}

OperationResult SqliteOperations::retry(const OperatorChange& change, const Standing& standing) {
  Standing to = standing;
  to.state = State::kPending;
  to.due_class = DueClass::kRetry;
  to.state_at = change.at;
  to.cancel_asked = false;
  to.reason.clear();
  return move(change.id, standing, to);
}

OperationResult SqliteOperations::replay(const OperatorChange& change, const Standing& original) {
  const NotificationId id = change.replay_id;
  CHECK_THAT(id.value > 0, "a replay without an id for the copy");
  if (const auto open = activation_.open_beside(change.id)) return open_probe(*open);
  if (copy_notification_.run(id, change.at, change.id) != 1 || claim_key_of_copy_.run(id) != 1) {
    database_.note_contradiction("a notification that was just read cannot be copied");
  }
  Standing copy;
  copy.lane = original.lane;
  copy.state_at = change.at;
  place(id, copy, false);
  activation_.reopened(id);
  counters_.admitted(id, State::kPending);
  wake(copy.lane);
  return result_of(Applied::kApplied, id, copy);
}

// One change without an attempt: the note tells where the notification stands from now on.
OperationResult SqliteOperations::move(NotificationId id, const Standing& from, Standing to) {
  CHECK_THAT(may_change(from.state, to.state), "a change that the table of states forbids");
  if (from.state == State::kPending) {
    const QueueKey key = from.queue_key(id);
    if (dequeue_.run(key.lane, key.due_class, key.next_at, key.id) != 1) {
      database_.note_contradiction("a pending notification is not in the queue");
    }
  }
  ++to.progress.version;
  to.noted = true;
  to.awaits = 0;
  place(id, to, from.noted);
  if (to.state == State::kPending) {
    activation_.reopened(id);
    wake(to.lane);
  } else {
    activation_.closed(to.lane, id);
  }
  counters_.move(from.state, to.state);
  return result_of(Applied::kApplied, id, to);
}

// --- Merchants ---

bool SqliteOperations::release(const ReleaseSlice& slice) {
  CHECK_THAT(slice.rows_max > 0, "a slice of nothing");
  const std::int64_t merchant = lanes_.find_merchant(slice.merchant);
  const std::vector<NotificationId> released = activation_.awaiting(merchant, slice.rows_max);
  for (const NotificationId id : released) {
    const auto standing = standings_.find(id);
    if (!standing) break;  // only after trouble, which the database keeps
    Standing to = *standing;
    to.state = State::kPending;
    to.reason.clear();
    move(id, *standing, to);
  }
  counters_.recorded_at(slice.at);
  return released.size() < slice.rows_max;
}

}  // namespace ackd
