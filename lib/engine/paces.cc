#include "engine/paces.h"

#include <algorithm>

#include "base/check.h"
#include "base/planted_bug.h"

namespace ackd {

PaceIndex Paces::join(const std::string& name, const Rate& rate) {
  if (rate.none()) return kNoPace;
  const auto [found, created] = by_name_.try_emplace(name, static_cast<PaceIndex>(paces_.size()));
  if (created && free_.empty()) {
    paces_.emplace_back(name, rate);
  } else if (created) {
    found->second = free_.back();
    free_.pop_back();
    paces_[found->second] = Pace(name, rate);
  }
  Pace& pace = paces_[found->second];
  ++pace.users;
  if (pace.rate != rate) {
    pace.limit.change(rate, now_);
    pace.rate = rate;
  }
  arm(found->second);
  return found->second;
}

void Paces::leave(PaceIndex index) {
  if (index == kNoPace) return;
  Pace& pace = paces_[index];
  CHECK_THAT(pace.users > 0, "more left a rate than went by it");
  --pace.users;
  if (pace.users == 0) pace.host.reset();
  if (pace.users == 0 && PLANTED(kNewBucketEachTime)) pace.limit = RateLimit(pace.rate);
  arm(index);
  if (pace.users == 0 && pace.limit.full(now_)) forget(index);
}

void Paces::forget(PaceIndex index) {
  disarm(index);
  by_name_.erase(paces_[index].name);
  paces_[index] = Pace({}, {});
  free_.push_back(index);
}

bool Paces::has_unclaimed(PaceIndex index) {
  if (index == kNoPace || PLANTED(kIgnoreRates)) return true;
  Pace& pace = paces_[index];
  return pace.limit.wait(now_, claimed(pace) + 1).count() == 0;
}

bool Paces::has_token(PaceIndex index) {
  return index == kNoPace || PLANTED(kIgnoreRates) || paces_[index].limit.wait(now_).count() == 0;
}

RateView Paces::view(PaceIndex index) const {
  if (index == kNoPace) return {};
  RateLimit limit = paces_[index].limit;
  return {paces_[index].rate, now_ + limit.wait(now_)};
}

void Paces::claim(PaceIndex index) {
  if (index == kNoPace) return;
  ++paces_[index].claims;
  arm(index);
}

void Paces::unclaim(PaceIndex index) {
  if (index == kNoPace) return;
  CHECK_THAT(paces_[index].claims > 0, "more claims to a token were given up than made");
  --paces_[index].claims;
  arm(index);
}

void Paces::take(PaceIndex index) {
  if (index == kNoPace) return;
  paces_[index].limit.take(1, now_);
  arm(index);
}

void Paces::give_back(PaceIndex index) {
  if (index == kNoPace) return;
  paces_[index].limit.give_back(1);
  arm(index);
}

void Paces::keep_one(PaceIndex index, Duration how_long) {
  if (index == kNoPace) return;
  paces_[index].keeps_one_until = now_ + how_long;
  arm(index);
}

void Paces::wait(Lane& lane) {
  lane.spot = ++turns_;
  paces_[lane.pace].line.insert({lane.spot, lane.id});
  ++waiting_;
  arm(lane.pace);
}

void Paces::leave_line(const Lane& lane) {
  CHECK_THAT(paces_[lane.pace].line.erase({lane.spot, lane.id}) == 1, "a lane was in no line that should be");
  --waiting_;
  arm(lane.pace);
}

void Paces::tell_host(PaceIndex index, HostIndex host, bool wanted) {
  if (index == kNoPace) return;
  paces_[index].host = wanted ? std::optional(host) : std::nullopt;
  arm(index);
}

std::optional<Paces::Next> Paces::next() {
  while (!due_.empty() && due_.begin()->first <= now_) {
    const PaceIndex index = due_.begin()->second;
    Pace& pace = paces_[index];
    const bool has_one = pace.users > 0 && has_unclaimed(index);
    if (has_one && !pace.line.empty()) return Next{pace.line.begin()->second};
    if (has_one && pace.host) {
      const HostIndex host = *pace.host;
      tell_host(index, host, false);
      return Next{std::nullopt, host};
    }
    if (pace.users == 0) {
      forget(index);
    } else {
      arm(index);
    }
  }
  return std::nullopt;
}

// With more claims than the bucket ever holds, whoever starts or gives up arms it again.
std::optional<EngineTime> Paces::wake_of(Pace& pace) const {
  if (pace.users == 0) return now_ + pace.limit.wait_until_full(now_);
  if (pace.line.empty() && !pace.host) return std::nullopt;
  std::optional<EngineTime> wake;
  const Duration token = pace.limit.wait(now_, claimed(pace) + 1);
  if (token != Duration::max()) wake = now_ + token;
  if (now_ < pace.keeps_one_until) wake = std::min(wake.value_or(pace.keeps_one_until), pace.keeps_one_until);
  return wake;
}

void Paces::arm(PaceIndex index) {
  disarm(index);
  paces_[index].wakes_at = wake_of(paces_[index]);
  if (paces_[index].wakes_at) due_.insert({*paces_[index].wakes_at, index});
}

void Paces::disarm(PaceIndex index) {
  Pace& pace = paces_[index];
  if (pace.wakes_at) due_.erase({*pace.wakes_at, index});
  pace.wakes_at.reset();
}

std::optional<EngineTime> Paces::next_wake() const {
  if (due_.empty()) return std::nullopt;
  return due_.begin()->first;
}

}  // namespace ackd
