#include "sim/outage_witness.h"

#include <algorithm>

#include "engine/suspending.h"
#include "policy/judge.h"
#include "policy/outage.h"

namespace ackd::sim {
namespace {

// The engine's clock is slewed and the witness's is not.
constexpr Duration kSlack{200};

}  // namespace

std::size_t OutageWitness::count(bool failing, Duration within, BootTime now) const {
  return static_cast<std::size_t>(std::count_if(hosts_.begin(), hosts_.end(), [&](const auto& entry) {
    return entry.second.failing == failing && now - entry.second.at < within;
  }));
}

void OutageWitness::on_sign(NotificationId id, const std::string& origin, BootTime now) {
  const auto host = hosts_.find(origin);
  const bool reached =
      host != hosts_.end() && !host->second.failing && now - host->second.at < Outage::kWindow + kSlack;
  // After a freeze it may have been: what was known of hosts is forgotten here, and not by the engine.
  starts_[id] = {origin, reached || now < trusted_from_};
  signed_now_.push_back(id);
}

void OutageWitness::on_transfer_end(NotificationId id, const Transfer& transfer, BootTime now) {
  const std::string origin = starts_[id].origin;
  starts_.erase(id);
  const Contact contact = contact_of(transfer);
  if (contact == Contact::kSaysNothing) return;
  const bool fails = contact == Contact::kFailed;
  Host& host = hosts_.try_emplace(origin, Host{fails, now, now, now}).first->second;
  const Duration age = now - host.at;
  if (host.failing != fails || age > Outage::kWindow - kSlack) host.since = now;
  if (host.failing != fails || age > Outage::kWindow + kSlack) host.surely_since = now;
  host.failing = fails;
  host.at = now;
  if (!fails || is_ours(transfer.end)) return;
  failures_[id] = failure_of(origin, host, now);
  failed_now_.push_back(id);
}

OutageWitness::Failure OutageWitness::failure_of(const std::string& origin, const Host& host, BootTime now) const {
  BootTime reached = BootTime::min();
  for (const auto& [name, other] : hosts_) {
    if (name != origin && !other.failing) reached = std::max(reached, other.at);
  }
  Failure failure;
  // In an outage of everything, which the world knows of, nobody is exhausted by its first seconds.
  const bool trusted = now >= trusted_from_;
  failure.must_be_doubted = options_.suspend_hosts_min > 0 && trusted && cut_since_ &&
                            host.surely_since >= *cut_since_ && now - host.surely_since < Outage::kDoubtAlone - kSlack;
  failure.may_be_doubted =
      options_.suspend_hosts_min > 0 && (!trusted || (now - host.since < Outage::kDoubt + kSlack &&
                                                      reached <= host.since + Outage::kDoubtGrace + kSlack));
  return failure;
}

void OutageWitness::on_excused(NotificationId id, bool last) {
  ++excused_;
  const auto failure = failures_.find(id);
  if (failure == failures_.end()) {
    return fail_("sent, and no attempt on record though it did not fail to connect: " + to_string(id));
  }
  if (!last || !failure->second.may_be_doubted) excused_now_.push_back(id);
  failures_.erase(failure);
}

void OutageWitness::on_attempt(NotificationId id, State state) {
  const auto failure = failures_.find(id);
  if (failure == failures_.end()) return;
  if (failure->second.while_suspended) {
    fail_("a failure to connect used up an attempt while sending was suspended: " + to_string(id));
  }
  if (failure->second.must_be_doubted && state == State::kExhausted) {
    fail_("exhausted by the first seconds of an outage: " + to_string(id));
  }
  failures_.erase(failure);
}

void OutageWitness::on_crash() {
  hosts_.clear();
  starts_.clear();
  failures_.clear();
  signed_now_.clear();
  failed_now_.clear();
  excused_now_.clear();
  suspended_ = false;
}

void OutageWitness::on_freeze(BootTime now) {
  hosts_.clear();
  trusted_from_ = now + Outage::kWindow + kSlack;
}

// After a step that was confirmed the engine's clock jumps, or stands still for as long as it takes.
void OutageWitness::follow_clock(EngineTime engine_now, BootTime now) {
  const Duration lead(engine_now.ms - now.ms);
  if (lead > lead_ + kSlack || lead < lead_ - kSlack) {
    on_freeze(now);
  }
  lead_ = lead;
}

// One at a time to each host that does not answer, and few in all; suspects have their own pace.
void OutageWitness::check_trials(std::size_t suspects) const {
  std::map<std::string, std::size_t> by_origin;
  std::size_t trials = 0;
  for (const auto& [id, start] : starts_) {
    if (!start.trial || !start.sent) continue;
    ++trials;
    if (++by_origin[start.origin] > 1 + suspects) fail_("two trials of one host at once: " + start.origin);
  }
  if (trials > Suspending::kTrialsMax + suspects) fail_("too many hosts are tried while sending is suspended");
}

void OutageWitness::on_turn(const EngineStats& stats, std::size_t suspects, BootTime now) {
  follow_clock(stats.now, now);
  const bool suspended = stats.sending == SendingState::kSuspended;
  const bool all_along = suspended && suspended_ && stats.sending_since == since_;
  if (suspended && !all_along) ++suspensions_;
  for (const NotificationId id : signed_now_) {
    const auto start = starts_.find(id);
    if (start != starts_.end()) start->second.trial = all_along && !start->second.proven;
  }
  for (const NotificationId id : failed_now_) {
    const auto failure = failures_.find(id);
    if (failure != failures_.end()) failure->second.while_suspended = all_along;
  }
  for (const NotificationId id : excused_now_) {
    const bool never = !suspended && !suspended_ && stats.sending_since == since_;
    if (never) fail_("a failure to connect that used up no attempt: " + to_string(id));
  }
  signed_now_.clear();
  failed_now_.clear();
  excused_now_.clear();
  suspended_ = suspended;
  since_ = stats.sending_since;
  check_trials(suspects);
  const bool is_outage = options_.suspend_hosts_min > 0 && now >= trusted_from_ &&
                         count(true, Outage::kWindow - kSlack, now) >= options_.suspend_hosts_min &&
                         count(false, Outage::kWindow + kSlack, now) == 0;
  if (is_outage && !suspended) fail_("nobody can be reached, and sending goes on");
}

}  // namespace ackd::sim
