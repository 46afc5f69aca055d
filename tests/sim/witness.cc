#include "sim/witness.h"

#include <algorithm>

#include "engine/engine_clock.h"
#include "engine/suspects.h"
#include "policy/judge.h"
#include "profile/merchant_options.h"
#include "sim/simulated_process.h"
#include "text/url.h"

namespace ackd::sim {
namespace {

constexpr Duration kLookEvery = std::chrono::minutes(10);
constexpr std::size_t kSubjectAndUrlMax = 200;

Duration longest_request(const ProfileCatalogue& catalogue) {
  Duration longest{0};
  for (const Profile* profile : catalogue.all_current()) longest = std::max(longest, profile->total_timeout);
  return longest;
}

}  // namespace

Witness::Witness(const ProfileCatalogue& catalogue, const EngineOptions& options, const ModelRecord& record)
    : catalogue_(catalogue),
      options_(options),
      record_(record),
      fairness_(options, record, longest_request(catalogue), [this](const std::string& what) { fail(what); }) {}

void Witness::fail(const std::string& what) {
  if (failures_.size() < 10) failures_.push_back(what);
}

void Witness::on_accepted(NotificationId id, const std::string& content) {
  accepted_.insert(id);
  content_.emplace(id, content);
  if (!record_.rows.contains(id)) fail("accepted but not on record: " + to_string(id));
}

void Witness::on_merchant(const MerchantName& name) {
  squeezes_.on_merchant(name);
  rates_.on_merchant(name, turned_at_);
  changed_[name] = turned_at_;
}

void Witness::on_send(NotificationId id, const LaneKey& lane, const std::string& origin, const std::string& content,
                      BootTime now) {
  ++total_sends_;
  outages_.on_send(id);
  const auto row = record_.rows.find(id);
  if (row == record_.rows.end()) return fail("sent but not on record: " + to_string(id));
  if (row->second.state != State::kPending) {
    fail("sent while " + std::string(name_of(row->second.state)) + ": " + to_string(id));
  }
  if (record_.paused.contains(merchant_of(row->second))) fail("sent to a paused merchant: " + to_string(id));
  if (const auto known = content_.find(id); known != content_.end() && known->second != content) {
    fail("other content than was accepted: " + to_string(id));
  }
  if (const auto due = earliest_.find(id); due != earliest_.end() && now < due->second) {
    fail("sent " + std::to_string((due->second - now).count()) + " ms early: " + to_string(id));
  }
  longest_row_ = std::max(longest_row_, content.size());
  fairness_.on_turn_of(row->second.lane);
  squeezes_.on_send(id, row->second.lane, suspects_.size());
  if (!active_.try_emplace(id, Active{lane, origin}).second) fail("two sends at once: " + to_string(id));
  ++sends_[id];
  // A suspect may start beside a full window: one more, and no more than one.
  const auto in_lane = std::count_if(active_.begin(), active_.end(), [&](auto& a) { return a.second.lane == lane; });
  const auto on_host =
      std::count_if(active_.begin(), active_.end(), [&](auto& a) { return a.second.origin == origin; });
  if (static_cast<std::size_t>(in_lane) > options_.lane_window + suspects_.size()) fail("lane window exceeded");
  if (static_cast<std::size_t>(on_host) > options_.host_ceiling + suspects_.size()) fail("host ceiling exceeded");
}

// What counts is the record, not what the engine believes.
bool Witness::is_active(const ModelRow& row) const {
  const MerchantRecord* merchant = merchant_on_record(row);
  if (merchant == nullptr) return false;
  if (!catalogue_.current(row.notification.lane.provider)->activation.required) return true;
  const auto activation = record_.activations.find(merchant_of(row));
  return activation != record_.activations.end() && activation->second.url == merchant->url;
}

const MerchantRecord* Witness::merchant_on_record(const ModelRow& row) const {
  const auto found = record_.merchants.find(merchant_of(row));
  return found == record_.merchants.end() ? nullptr : &found->second;
}

void Witness::on_sign(NotificationId id, const std::string& origin, BootTime now) {
  outages_.on_sign(id, origin, now);
  const auto row = record_.rows.find(id);
  if (row == record_.rows.end()) return fail("signed but not on record: " + to_string(id));
  squeezes_.on_sign(id, row->second.lane, origin);
  rates_.on_sign(row->second.lane, row->second.notification.lane, origin, now);
  const MerchantRecord* merchant = merchant_on_record(row->second);
  if (row->second.notification.probe) {
    probed_[id] = merchant == nullptr ? std::string() : merchant->url;
  } else if (!is_active(row->second)) {
    fail("signed for a merchant that is unknown or not activated: " + to_string(id));
  }
}

void Witness::check_released(Duration passed) {
  for (const auto& [id, row] : record_.rows) {
    if (!row.awaits_merchant || !is_active(row)) {
      unreleased_.erase(id);
      continue;
    }
    const auto [waited, is_new] = unreleased_.try_emplace(id, Duration(0));
    if (!is_new) waited->second += passed;
    if (waited->second > std::chrono::hours(1)) fail("still held for a merchant that allows it: " + to_string(id));
  }
}

void Witness::on_pause(const MerchantPauseChange& change) {
  const auto before = record_.paused.find(change.pause.merchant);
  if (change.paused || change.pause.reason == kAskedFor || before == record_.paused.end()) return;
  ++pauses_ended_;
  const std::optional<EngineTime> until = before->second.until;
  if (!until || change.at < *until) fail("a pause ended that nobody ended: " + change.pause.merchant.id);
}

void Witness::check_pauses(EngineTime engine_now, BootTime now) {
  for (const auto& [merchant, pause] : record_.paused) {
    if (!pause.until || *pause.until > engine_now) {
      overdue_.erase(merchant);
    } else if (now - overdue_.try_emplace(merchant, now).first->second > std::chrono::hours(1)) {
      fail("still paused after the end of it: " + merchant.id);
    }
  }
  std::erase_if(overdue_, [&](const auto& overdue) { return !record_.paused.contains(overdue.first); });
}

void Witness::check_probe(const ModelRow& before, const Settlement& settlement) {
  if (before.notification.probe != settlement.probed_url.has_value()) {
    return fail("a probe settled as something else: " + to_string(settlement.key.id));
  }
  if (!settlement.probed_url || settlement.state != State::kDelivered) return;
  const auto probed = probed_.find(settlement.key.id);
  if (probed == probed_.end() || probed->second != *settlement.probed_url) {
    fail("an activation for a URL that was not probed: " + to_string(settlement.key.id));
  }
}

void Witness::on_transfer_end(NotificationId id, const Transfer& transfer, BootTime now) {
  const auto row = record_.rows.find(id);
  if (const auto sent = active_.find(id); sent != active_.end() && row != record_.rows.end()) {
    squeezes_.on_transfer_end(id, row->second.lane, sent->second.origin, feedback_of(transfer));
  }
  active_.erase(id);
  outages_.on_transfer_end(id, transfer, now);
  if (is_ours(transfer.end)) {
    --sends_[id];
    if (row != record_.rows.end()) fairness_.on_turn_of(row->second.lane);
  } else {
    ended_[id] = now;
  }
}

void Witness::on_settlement(const ModelRow& before, const Settlement& settlement) {
  const NotificationId id = settlement.key.id;
  check_probe(before, settlement);
  if (settlement.state != State::kPending) squeezes_.on_taken_away(before.key());
  if (!settlement.attempt) {
    fairness_.on_turn_of(before.lane);
    if (settlement.steps != before.progress.steps) fail("a step used up without an attempt: " + to_string(id));
    return;
  }
  const Attempt& attempt = *settlement.attempt;
  if (attempt.number != before.progress.attempts + 1) fail("attempt numbers with a gap: " + to_string(id));
  if (attempt.ended_at < attempt.started_at) fail("an attempt ended before it started: " + to_string(id));
  if (attempt.outcome == OutcomeClass::kPossiblySent) {
    if (settlement.steps != before.progress.steps) fail("possibly sent used up a step: " + to_string(id));
    return;
  }
  const auto ended = ended_.find(id);
  if (ended == ended_.end()) return fail("an attempt on record that reached nobody: " + to_string(id));
  outages_.on_attempt(id, settlement.state);
  squeezes_.on_attempt(id, before.lane);
  check_next_state(before, settlement);
  if (settlement.state == State::kPending && ended->second > adopted_at_) {
    const Duration delay = settlement.next_at - attempt.ended_at;
    // Slewing may make engine time run fast by one in two thousand.
    earliest_[id] = ended->second + delay - Duration(delay.count() / EngineClock::kSlewDivisor + 2);
  }
  ended_.erase(ended);
}

void Witness::on_change(const OperatorChange& change) {
  if (change.verb == OperatorVerb::kRetry) earliest_.erase(change.id);
  if (const auto row = record_.rows.find(change.id); row != record_.rows.end()) {
    squeezes_.on_change(row->second.lane);
  }
}

void Witness::on_inbox(const InboxSlice& slice) {
  for (const InboxRow& row : slice.rows) {
    if (!inbox_rows_.insert(row.row).second) fail("an inbox row was dealt with twice: " + std::to_string(row.row));
  }
}

void Witness::on_published(std::int64_t mark) {
  for (std::int64_t row = 1; row <= mark; ++row) {
    if (!inbox_rows_.contains(row)) fail("published as dealt with, and is not: inbox row " + std::to_string(row));
  }
}

void Witness::check_next_state(const ModelRow& before, const Settlement& settlement) {
  const std::string id = to_string(settlement.key.id);
  const bool acknowledged = settlement.attempt->outcome == OutcomeClass::kAcknowledged;
  if (acknowledged != (settlement.state == State::kDelivered)) fail("delivered without acknowledgement: " + id);
  if (settlement.steps != before.progress.steps + 1) fail("an attempt that used up no step: " + id);
  // A cancel that was asked for while in flight ends it whatever the schedule says.
  if (acknowledged || settlement.state == State::kCancelled) return;
  if (before.notification.probe) {
    if (settlement.state != State::kExhausted) fail("a probe that is sent again: " + id);
    return;
  }
  const std::vector<Duration>& delays = catalogue_.find(before.notification.revision)->schedule.delays;
  if (is_last_attempt(before)) {
    if (settlement.state != State::kExhausted) fail("more sends than the schedule has: " + id);
    return;
  }
  const EngineTime next = settlement.attempt->ended_at + delays[before.progress.steps];
  const std::optional<Duration> limit = give_up_after(before);
  const bool given_up = limit && next > before.notification.not_before + *limit;
  given_up_ += given_up;
  if (given_up != (settlement.state == State::kExhausted) && !has_changed_lately(before)) {
    return fail((given_up ? "not given up when it should be: " : "exhausted before the schedule ended: ") + id);
  }
  if (settlement.state == State::kPending && settlement.next_at != next) {
    fail("next attempt not exactly on schedule: " + id);
  }
}

void Witness::on_enter(const InFlightEntry& entry, BootTime now) {
  if (!entry.suspect) return;
  for (const auto& [id, started] : suspects_) {
    // Half, because the signer may take its time between the decision and this call.
    if (now - started < Suspects::kPatience / 2) fail("suspects start side by side: " + to_string(entry.id));
  }
  suspects_.emplace(entry.id, now);
}

void Witness::on_leave(NotificationId id) {
  suspects_.erase(id);
  // Its outcome was not committed: it is to count as not sent.
  if (ended_.erase(id) == 0) return;
  --sends_[id];
  const auto row = record_.rows.find(id);
  outages_.on_excused(id, row != record_.rows.end() && (is_last_attempt(row->second) || give_up_after(row->second)));
}

std::optional<Duration> Witness::give_up_after(const ModelRow& row) const {
  const MerchantRecord* merchant = merchant_on_record(row);
  if (merchant == nullptr) return std::nullopt;
  return give_up_after_for(*catalogue_.find(row.notification.revision), merchant_of(*merchant));
}

// Its attempt may have been judged by what the merchant was before.
bool Witness::has_changed_lately(const ModelRow& row) const {
  const auto changed = changed_.find(merchant_of(row));
  return changed != changed_.end() && turned_at_ - changed->second < std::chrono::minutes(1);
}

bool Witness::is_last_attempt(const ModelRow& row) const {
  return row.notification.probe ||
         row.progress.steps >= catalogue_.find(row.notification.revision)->schedule.delays.size();
}

void Witness::on_crash() {
  active_.clear();
  ended_.clear();
  earliest_.clear();
  suspects_.clear();
  outages_.on_crash();
  fairness_.forget();
  squeezes_.on_crash();
  rates_.forget();
  check_conserved();
}

void Witness::on_freeze(BootTime now) {
  unreleased_.clear();
  overdue_.clear();
  outages_.on_freeze(now);
  fairness_.forget();
}

// Whatever has been recorded once is there for good, and what has ended stays as it ended.
void Witness::check_conserved() {
  if (record_.rows.size() < most_rows_) fail("a notification has gone from the record");
  most_rows_ = record_.rows.size();
  for (const NotificationId id : accepted_) {
    if (!record_.rows.contains(id)) fail("accepted and lost: " + to_string(id));
  }
  for (const auto& [id, row] : record_.rows) {
    if (!is_final(row.state)) continue;
    final_.emplace(id, row.state);
  }
  for (const auto& [id, state] : final_) {
    if (record_.rows.at(id).state != state) fail("what had ended goes on: " + to_string(id));
  }
}

// Nothing but the lane's turn is missing.
bool Witness::has_room(LaneId id, const LaneKey& lane, BootTime now) {
  if (squeezes_.is_troubled(id)) return false;
  const MerchantName name{lane.provider, lane.merchant};
  const auto merchant = record_.merchants.find(name);
  if (merchant == record_.merchants.end() || record_.paused.contains(name)) return false;
  const std::string origin = parse_url(merchant->second.url)->origin();
  if (!rates_.has_token(id, lane, origin, now)) return false;
  const auto in_lane = std::count_if(active_.begin(), active_.end(), [&](auto& a) { return a.second.lane == lane; });
  const auto on_host =
      std::count_if(active_.begin(), active_.end(), [&](auto& a) { return a.second.origin == origin; });
  return static_cast<std::size_t>(in_lane) < options_.lane_window &&
         static_cast<std::size_t>(on_host) < options_.host_ceiling;
}

// Of each lane a page or two.
void Witness::check_memory(const EngineStats& stats) {
  const std::size_t rows_max = stats.lanes * 3 * (options_.page_rows + 1);
  const std::size_t row_max = longest_row_ + sizeof(DueNotification) + kSubjectAndUrlMax;
  if (stats.page_bytes > rows_max * row_max) fail("the pages grow without bound");
}

void Witness::check_fairness(const EngineStats& stats, BootTime now) {
  const auto is_away = [this](NotificationId id) { return active_.contains(id) || ended_.contains(id); };
  fairness_.on_turn(
      stats, is_away, [&](LaneId id, const LaneKey& lane) { return has_room(id, lane, now); }, now);
}

void Witness::on_turn(const TurnResult& result, const EngineStats& stats, BootTime now) {
  turned_at_ = now;
  outages_.on_turn(stats, suspects_.size(), now);
  if (result.wake_at && *result.wake_at <= stats.now) fail("a turn asks to be woken at or before now");
  if (stats.unsettled > options_.unsettled_max + 1) fail("more unsettled outcomes than the cap");
  if (stats.in_flight > options_.transfers_max + 1) fail("more transfers than the cap");
  squeezes_.on_turn(stats, suspects_.size());
  check_fairness(stats, now);
  if (now - looked_at_ < kLookEvery) return;
  // What a disk in trouble does not take is not released.
  if (!stats.storage_trouble) check_released(now - looked_at_);
  looked_at_ = now;
  check_pauses(stats.now, now);
  check_conserved();
  check_memory(stats);
}

void Witness::at_end(std::int64_t inbox_rows, const EngineStats& stats) {
  on_published(inbox_rows);
  check_conserved();
  const std::size_t rows = stats.in_flight + stats.unsettled + stats.admissions_queued + stats.suspects;
  if (stats.lanes + stats.page_bytes + rows > 0) {
    fail("all has ended, and the engine keeps " + std::to_string(stats.lanes) + " lanes, " +
         std::to_string(stats.page_bytes) + " bytes of pages and " + std::to_string(rows) + " rows in its hands");
  }
  for (const NotificationId id : accepted_) {
    const auto row = record_.rows.find(id);
    if (row == record_.rows.end()) {
      fail("accepted and lost: " + to_string(id));
    } else if (!is_final(row->second.state)) {
      fail(std::string("never ended, still ") + name_of(row->second.state) + ": " + to_string(id));
    }
  }
  jobs_.at_end();
  for (const auto& [id, sends] : sends_) {
    const auto row = record_.rows.find(id);
    if (row != record_.rows.end() && row->second.attempts.size() < sends) {
      fail("a send without its attempt on record: " + to_string(id));
    }
  }
}

}  // namespace ackd::sim
