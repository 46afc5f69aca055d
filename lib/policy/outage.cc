#include "policy/outage.h"

#include <algorithm>
#include <utility>

namespace ackd {

void Outage::advance(EngineTime now) {
  while (!hosts_.empty() && hosts_.front().at + kWindow <= now) forget_first();
  while (!found_.empty() && found_.front() + kWindow <= now) found_.pop_front();
  weigh(now);
}

void Outage::forget_first() {
  const Host& host = hosts_.front();
  failing_ -= host.failing ? 1 : 0;
  by_origin_.erase(host.origin);
  hosts_.pop_front();
}

void Outage::note(const std::string& origin, Contact contact, EngineTime now) {
  if (contact == Contact::kSaysNothing) return;
  const bool fails = contact == Contact::kFailed;
  const HostStanding before = standing(origin);
  if (before == HostStanding::kUnknown) {
    if (hosts_.size() == kHostsMax) forget_first();
    hosts_.push_back({origin, fails, now, now});
    by_origin_.emplace(hosts_.back().origin, std::prev(hosts_.end()));
  } else {
    const Hosts::iterator host = by_origin_.at(origin);
    if (host->failing != fails) host->since = now;
    failing_ -= host->failing ? 1 : 0;
    host->failing = fails;
    host->at = now;
    hosts_.splice(hosts_.end(), hosts_, host);
  }
  failing_ += fails ? 1 : 0;
  if (fails) {
    last_failed_ = now;
  } else {
    on_reached(before, now);
  }
  weigh(now);
}

void Outage::on_reached(HostStanding before, EngineTime now) {
  last_reached_ = now;
  if (!suspended_ || before == HostStanding::kReached) return;
  if (found_.size() == kHostsMax) found_.pop_front();
  found_.push_back(now);
  next_unknown_ = next_failing_ = now;
  failing_delay_ = kTrialDelayMin;
}

void Outage::weigh(EngineTime now) {
  if (!suspended_) {
    if (is_outage(now)) suspend(now);
    return;
  }
  if (reached() == 0) steady_since_ = now;
  if (reached() > 0 && failing_ <= std::min(found_.size(), reached())) return resume(OutageChange::kAnswering, now);
  if (now - steady_since_ >= kSteady) return resume(OutageChange::kOthersAnswer, now);
  if (last_failed_ + kQuiet <= now) resume(OutageChange::kQuiet, now);
}

bool Outage::is_outage(EngineTime now) const {
  if (hosts_min_ == 0 || failing_ < hosts_min_) return false;
  return now < lenient_until_ ? reached() == 0 : failing_ > kFailingPerReached * reached();
}

void Outage::suspend(EngineTime now) {
  suspended_ = true;
  since_ = steady_since_ = next_unknown_ = now;
  found_.clear();
  failing_delay_ = kTrialDelayMin;
  next_failing_ = now + failing_delay_;
  change_ = OutageChange::kSuspended;
}

void Outage::resume(OutageChange why, EngineTime now) {
  suspended_ = false;
  since_ = now;
  if (why == OutageChange::kOthersAnswer) lenient_until_ = now + kLenient;
  change_ = why;
}

std::optional<EngineTime> Outage::next_change() const {
  if (!suspended_) return std::nullopt;
  EngineTime next = last_failed_ + kQuiet;
  if (reached() > 0) next = std::min({next, steady_since_ + kSteady, hosts_.front().at + kWindow});
  return next;
}

HostStanding Outage::standing(const std::string& origin) const {
  const auto found = by_origin_.find(origin);
  if (found == by_origin_.end()) return HostStanding::kUnknown;
  return found->second->failing ? HostStanding::kFailing : HostStanding::kReached;
}

std::vector<std::string> Outage::examples(std::size_t most) const {
  std::vector<std::string> out;
  for (auto host = hosts_.rbegin(); host != hosts_.rend() && out.size() < most; ++host) {
    if (host->failing) out.push_back(host->origin);
  }
  return out;
}

bool Outage::doubts(const std::string& origin, EngineTime now) const {
  const auto found = by_origin_.find(origin);
  if (hosts_min_ == 0 || found == by_origin_.end() || !found->second->failing) return false;
  const EngineTime since = found->second->since;
  return last_reached_ <= since + kDoubtGrace && now - since < (failing_ == 1 ? kDoubtAlone : kDoubt);
}

EngineTime Outage::next_trial(HostStanding standing) const {
  return standing == HostStanding::kFailing ? next_failing_ : next_unknown_;
}

void Outage::trial_started(HostStanding standing, EngineTime now) {
  const bool somebody_answers = reached() > 0;
  if (standing != HostStanding::kFailing) {
    next_unknown_ = somebody_answers ? now : now + kTrialDelayMin;
    return;
  }
  next_failing_ = now + failing_delay_;
  failing_delay_ = somebody_answers ? kTrialDelayMin : std::min(failing_delay_ * 2, kTrialDelayMax);
}

}  // namespace ackd
