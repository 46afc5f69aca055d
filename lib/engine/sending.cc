#include "engine/sending.h"

#include <algorithm>

#include "base/planted_bug.h"
#include "profile/egress_options.h"
#include "profile/merchant_options.h"
#include "profile/render.h"

namespace ackd {
namespace {

Attempt attempt_of(const Flight& flight, const Transfer& transfer, const Outcome& outcome, EngineTime ended_at) {
  Attempt attempt;
  attempt.number = flight.row.progress.attempts + 1;
  attempt.outcome = outcome.outcome;
  attempt.end = transfer.end;
  attempt.started_at = flight.started_at;
  attempt.ended_at = ended_at;
  attempt.status = transfer.status;
  attempt.reason = outcome.reason;
  attempt.excerpt = transfer.body.substr(0, kExcerptBytesMax);
  attempt.content_type = transfer.content_type;
  attempt.peer = transfer.peer;
  attempt.key_id = flight.key_id;
  attempt.request_hash = flight.request_hash;
  attempt.signed_at = flight.signed_at;
  attempt.nonce = flight.nonce;
  attempt.sends = static_cast<std::uint32_t>(1 + transfer.silent_resends);
  return attempt;
}

}  // namespace

void Sending::start_due() {
  while (core_.may_start() && core_.has_room()) {
    std::optional<Lanes::Next> next = core_.lanes.take_next(core_.clock.now());
    if (!next) return;
    const LaneKey lane = next->lane.key().copy();
    start(std::move(next->row), lane, false);
  }
}

void Sending::start(DueNotification row, const LaneKey& lane, bool suspect) {
  const bool unknown = core_.parts.merchants.find(lane.provider, lane.merchant) == nullptr;
  const bool waits = !row.probe && core_.gate.holds(lane.provider, lane.merchant);
  const bool overlooked = unknown ? PLANTED(kSendToUnknown) : PLANTED(kSendUnverified);
  if (waits && !overlooked) return hold_for_merchant(std::move(row), lane);
  SignStart sign;
  sign.id = row.key.id;
  sign.lane = lane;
  sign.revision = row.revision;
  sign.url = row.url;
  sign.content = row.content;
  sign.now = core_.clock.wall();
  sign.random = core_.parts.rng.next();
  Flight flight;
  flight.lane = lane;
  flight.suspect = suspect;
  flight.signed_at = sign.now;
  flight.cancel_asked = row.cancel_asked;
  if (row.probe) flight.probed_url = merchant_url(lane);
  flight.host = core_.lane_of(row).host;
  flight.row = std::move(row);
  sign.ticket = core_.flights.take_off(std::move(flight));
  core_.parts.signer.start(std::move(sign));
}

// Pending from before its merchant was changed or removed, or made so by an operator: it waits like what is admitted
// now.
void Sending::hold_for_merchant(DueNotification row, const LaneKey& lane) {
  Flight flight;
  flight.lane = lane;
  flight.host = core_.lane_of(row).host;
  flight.cancel_asked = row.cancel_asked;
  flight.row = std::move(row);
  const Ticket ticket = core_.flights.take_off(std::move(flight));
  flight = core_.flights.land(ticket, true);
  Lane& its_lane = core_.lane_of(flight.row);
  core_.lanes.give_back_token(its_lane, flight.host);
  core_.lanes.finished(its_lane, flight.host, Duration(0), LaneFeedback::kNone);
  Settlement settlement = held(flight, core_.gate.reason(lane.provider, lane.merchant));
  settlement.awaits_merchant = true;
  core_.queue_settlement(flight, std::move(settlement), Duration(0));
  core_.lanes.reconsider(its_lane, core_.clock.now());
}

// What the signer will find, since both read it within one call.
std::string Sending::merchant_url(const LaneKey& lane) const {
  const Merchant* merchant = core_.parts.merchants.find(lane.provider, lane.merchant);
  return merchant == nullptr ? std::string() : merchant->url;
}

void Sending::take_finished() {
  for (Signing& signing : core_.parts.signer.take_finished()) on_signing(std::move(signing));
  for (Transfer& transfer : core_.parts.transport.take_finished()) on_transfer(std::move(transfer));
  while (!signed_waiting_.empty() && core_.parts.transport.room()) {
    Waiting waiting = std::move(signed_waiting_.front());
    signed_waiting_.pop_front();
    send_or_return(waiting.ticket, std::move(waiting.signed_request));
  }
}

void Sending::on_signing(Signing signing) {
  Flight* flight = core_.flights.find(signing.ticket);
  CHECK_THAT(flight != nullptr && !flight->sending, "a signature for a flight that is not being signed");
  if (!signing.signed_request) {
    const std::string reason = signing.signed_request.error().message;
    const Outcome outcome{OutcomeClass::kNotSent, reason, true};
    return not_sent(core_.flights.land(signing.ticket, true), TransferEnd::kRequestInvalid, outcome);
  }
  const bool full = !signed_waiting_.empty() || !core_.parts.transport.room();
  if (full && why_not_sent(*flight).empty()) {
    signed_waiting_.push_back({signing.ticket, std::move(*signing.signed_request)});
    return;
  }
  send_or_return(signing.ticket, std::move(*signing.signed_request));
}

// Why a signed request stays here after all; empty when it may leave. Signing may take its time, and so may waiting for
// a transport that is full.
std::string Sending::why_not_sent(const Flight& flight) const {
  if (!core_.may_start() || flight.cancel_asked) return "sending stopped before this request had left";
  if (core_.lane_of(flight.row).paused && !PLANTED(kSignedInSpiteOfPause)) {
    return "its merchant was paused before this request had left";
  }
  return {};
}

void Sending::send_or_return(Ticket ticket, SignedRequest signed_request) {
  const Flight* flight = core_.flights.find(ticket);
  const std::string why_not = why_not_sent(*flight);
  if (why_not.empty()) return send(ticket, std::move(signed_request));
  const bool settling = flight->cancel_asked;
  not_sent(core_.flights.land(ticket, settling), TransferEnd::kAborted, {OutcomeClass::kNotSent, why_not, false});
}

void Sending::send(Ticket ticket, SignedRequest signed_request) {
  Flight* flight = core_.flights.find(ticket);
  const Profile* profile = core_.parts.catalogue.find(flight->row.revision);
  CHECK_THAT(profile != nullptr, "a request was signed under a profile that is not known");
  flight->sending = true;
  flight->started_at = core_.clock.now();
  flight->key_id = std::move(signed_request.key_id);
  flight->nonce = std::move(signed_request.nonce);
  flight->request_hash = signed_request.request_hash;
  core_.parts.in_flight.enter({flight->row.key.id, flight->row.progress.attempts + 1, flight->suspect});
  TransferStart start;
  start.ticket = ticket;
  start.request = std::move(signed_request.request);
  const Merchant* merchant = core_.parts.merchants.find(flight->lane.provider, flight->lane.merchant);
  static const Merchant kNobody;
  const Timeouts timeouts = timeouts_for(*profile, merchant == nullptr ? kNobody : *merchant);
  if (merchant != nullptr) start.egress = egress_settings_of(*merchant);
  start.verify_server = !start.egress || !is_unverified(*start.egress, core_.clock.wall());
  start.connect_timeout = timeouts.connect;
  start.total_timeout = timeouts.total;
  start.body_bytes_max = profile->body_bytes_max;
  start.status_decides = decided_by_status(profile->ack);
  core_.parts.transport.start(std::move(start));
}

void Sending::on_transfer(Transfer transfer) {
  Flight* flight = core_.flights.find(transfer.ticket);
  CHECK_THAT(flight != nullptr && flight->sending, "a transfer for a flight that was not sent");
  suspending_.note(*flight, transfer);
  const Profile* profile = core_.parts.catalogue.find(flight->row.revision);
  const Merchant* merchant = core_.parts.merchants.find(flight->lane.provider, flight->lane.merchant);
  Outcome outcome = judge(transfer, merchant == nullptr ? profile->ack : ack_for(*profile, *merchant));
  std::optional<EngineTime> next;
  if (outcome.outcome != OutcomeClass::kAcknowledged) next = next_attempt_of(*flight, transfer);
  if (const std::string why = suspending_.why_not_theirs(*flight, transfer, !next); !why.empty()) {
    outcome = {OutcomeClass::kNotSent, outcome.reason + "; " + why, false};
  }
  if (outcome.outcome == OutcomeClass::kNotSent && !PLANTED(kNotSentUsesAttempt)) {
    const bool settling = outcome.hold || flight->cancel_asked;
    return not_sent(core_.flights.land(transfer.ticket, settling), transfer.end, outcome);
  }
  settle(core_.flights.land(transfer.ticket, true), transfer, outcome, next);
}

void Sending::settle(Flight flight, const Transfer& transfer, const Outcome& outcome, std::optional<EngineTime> next) {
  const EngineTime now = core_.clock.now();
  Lane& lane = core_.lane_of(flight.row);
  lane.trouble.reset();
  const Duration closed = core_.lanes.finished(lane, flight.host, transfer.took, feedback_of(transfer));
  if (closed.count() > 0) squeeze(lane, outcome.reason, closed);

  Settlement settlement;
  settlement.attempt = attempt_of(flight, transfer, outcome, now);
  settlement.steps = flight.row.progress.steps + 1;
  if (outcome.outcome == OutcomeClass::kAcknowledged) {
    settlement.state = State::kDelivered;
    if (PLANTED(kActivateBeforeCommit) && flight.row.probe) {
      core_.parts.activations.put({{flight.lane.provider, flight.lane.merchant}, flight.probed_url, now});
    }
  } else {
    plan_next(flight, outcome, next, settlement);
  }
  if (PLANTED(kLeaveBeforeCommit)) core_.parts.in_flight.leave(flight.row.key.id);
  core_.queue_settlement(flight, std::move(settlement), transfer.took);
  core_.lanes.reconsider(lane, now);
}

// On schedule, or nothing at its end. A probe asks one question and gets one answer.
std::optional<EngineTime> Sending::next_attempt_of(const Flight& flight, const Transfer& transfer) const {
  if (flight.row.probe) return std::nullopt;
  const ProfileCatalogue& catalogue = core_.parts.catalogue;
  const bool astray = PLANTED(kFollowCurrentProfile);
  const Profile* profile = astray ? catalogue.current(flight.lane.provider) : catalogue.find(flight.row.revision);
  const Schedule& schedule = profile->schedule;
  const bool jitters = schedule.jitter_max.count() > 0 || schedule.jitter_percent > 0;
  const std::uint64_t random = jitters ? core_.parts.rng.next() : 0;
  const EngineTime ended = PLANTED(kDelayFromStart) ? flight.started_at : core_.clock.now();
  const std::uint32_t steps = flight.row.progress.steps + 1;
  return next_attempt(
      schedule, {steps, ended, flight.row.not_before, transfer.retry_after_s, random, give_up_after(flight, *profile)});
}

// As the merchant is now; one that is gone has no say.
std::optional<Duration> Sending::give_up_after(const Flight& flight, const Profile& profile) const {
  if (PLANTED(kNeverGiveUp)) return std::nullopt;
  const Merchant* merchant = core_.parts.merchants.find(flight.lane.provider, flight.lane.merchant);
  return merchant == nullptr ? profile.schedule.give_up_after : give_up_after_for(profile, *merchant);
}

// Before what became of the last attempt.
std::string Sending::why_ended(const Flight& flight) const {
  if (flight.row.probe) return "the probe was not acknowledged: ";
  const Profile& profile = *core_.parts.catalogue.find(flight.row.revision);
  const std::optional<Duration> limit = give_up_after(flight, profile);
  if (!limit || !has_steps_left(profile.schedule, flight.row.progress.steps + 1)) {
    return "the schedule has ended; the last attempt: ";
  }
  return "given up: the next attempt would be later than " + format_duration(*limit) +
         " after its start (give_up_after); the last attempt: ";
}

// After an attempt that was not acknowledged.
void Sending::plan_next(const Flight& flight, const Outcome& outcome, std::optional<EngineTime> next,
                        Settlement& settlement) const {
  settlement.state = next ? State::kPending : State::kExhausted;
  settlement.next_at = next.value_or(EngineTime{});
  if (!next) {
    settlement.reason = why_ended(flight) + outcome.reason;
  }
  if (flight.cancel_asked) {
    settlement.state = State::kCancelled;
    settlement.reason = "cancelled by an operator while in flight; the attempt: " + outcome.reason;
  }
}

// Nothing reached the receiver's network: no attempt is used up. Waiting helps, or an operator must.
void Sending::not_sent(Flight flight, TransferEnd end, const Outcome& outcome) {
  ++core_.not_sent;
  Lane& lane = core_.lane_of(flight.row);
  core_.lanes.finished(lane, flight.host, Duration(0), LaneFeedback::kNone);
  if (flight.sending) core_.parts.in_flight.leave(flight.row.key.id);
  // A hold is about this one notification; the others of its lane need not wait.
  if (end != TransferEnd::kAborted && !outcome.hold) close_lane(lane, outcome.reason);
  tell(flight, end, outcome);
  if (outcome.hold || flight.cancel_asked) {
    core_.queue_settlement(flight, held(flight, outcome.reason), Duration(0));
  } else if (flight.suspect) {
    core_.suspects.returned(flight.row.key.id);  // stays away from its lane
  } else {
    core_.return_row(flight.row);
  }
  core_.lanes.reconsider(lane, core_.clock.now());
}

// A cancel that was asked for meanwhile wins over the hold: the outbox knows of the intent.
Settlement Sending::held(const Flight& flight, const std::string& reason) const {
  Settlement settlement;
  settlement.state = flight.cancel_asked ? State::kCancelled : State::kHeld;
  settlement.steps = flight.row.progress.steps;
  settlement.reason = flight.cancel_asked ? "cancelled by an operator before it was sent" : reason;
  return settlement;
}

// A hold is one notification's own news; trouble that strikes every lane is not told for each of them, and while
// sending is suspended nobody wants to hear of every trial.
void Sending::tell(const Flight& flight, TransferEnd end, const Outcome& outcome) {
  const EngineTime now = core_.clock.now();
  const Duration retry_in = std::max(core_.lane_of(flight.row).opens_at, now) - now;
  if (!outcome.hold) {
    last_reason_ = outcome.reason;
    if (core_.outage.suspended()) return alarm_.count(now);
    if (!alarm_.strike(now)) return;
  }
  core_.parts.events.on(AttemptNotSent{flight.row.key.id, flight.lane, end, outcome.reason, retry_in, outcome.hold});
}

void Sending::sum_up() {
  const std::size_t untold = alarm_.take_untold(core_.clock.now());
  if (untold > 0) core_.parts.events.on(MoreNotSent{untold, last_reason_});
}

// Its merchant has failed a windowful of requests, or once more.
void Sending::squeeze(Lane& lane, const std::string& trouble, Duration closed) {
  lane.trouble = std::make_unique<Lane::Trouble>(Lane::Trouble{trouble});
  core_.lanes.close_until(lane, core_.clock.now() + closed);
  core_.lanes.drop_pages(lane);
}

// What fails while the lane is closed already was on its way when it was: one trouble, one back-off.
void Sending::close_lane(Lane& lane, const std::string& trouble) {
  const EngineTime now = core_.clock.now();
  if (lane.trouble == nullptr) lane.trouble = std::make_unique<Lane::Trouble>();
  lane.trouble->why = trouble;
  if (lane.opens_at > now) return;
  Duration& delay = lane.trouble->not_sent_delay;
  delay = std::clamp(delay * 2, core_.options.not_sent_delay_min, core_.options.not_sent_delay_max);
  core_.lanes.close_until(lane, now + delay);
  core_.lanes.drop_pages(lane);
}

}  // namespace ackd
