// What Lanes does while sending is suspended.
#include "base/planted_bug.h"
#include "engine/lanes.h"

namespace ackd {
namespace {

// What had to wait for an hour may be every lane there is: they are let go over many turns, so that none of them keeps
// the loop for long.
constexpr std::size_t kReleasedPerTurn = 1'000;

}  // namespace

bool Lanes::is_held_back(HostIndex host) const {
  if (PLANTED(kSendWhileSuspended)) return false;
  return outage_.suspended() && !held_back_.is_tried(host) &&
         outage_.standing(hosts_[host].origin) != HostStanding::kReached;
}

// Of requests in flight to the host.
std::size_t Lanes::ceiling(HostIndex host) const {
  if (PLANTED(kIgnoreHostCeiling)) return SIZE_MAX;
  if (is_held_back(host)) return 0;
  const bool alone = outage_.suspended() && outage_.standing(hosts_[host].origin) != HostStanding::kReached;
  return alone ? 1 : limits_.host_ceiling;
}

void Lanes::hold_back(Lane& lane) {
  lane.place = Lane::Place::kHeldBack;
  held_back_.add(lane.host, outage_.standing(hosts_[lane.host].origin), lane.id);
}

void Lanes::start_trial(HostStanding standing, EngineTime now) {
  const HostIndex host = held_back_.first(standing).value();
  held_back_.start_trial(host);
  Lane& lane = lanes_.at(held_back_.lane_of(host));
  leave_place(lane);
  put_in_place(lane, now);
}

// A request is in flight, or will be once the lane's page is read.
bool Lanes::is_under_way(const HeldBack::Trial& trial, EngineTime now) const {
  if (hosts_[trial.host].in_flight > 0) return true;
  const auto found = lanes_.find(trial.lane);
  if (found == lanes_.end() || found->second.host != trial.host) return false;
  const Lane& lane = found->second;
  return lane.place == Lane::Place::kReady || (lane.awaits_page() && !lane.paused && lane.opens_at <= now);
}

bool Lanes::has_idle_trial(EngineTime now) const {
  const std::vector<HeldBack::Trial>& trials = held_back_.trials();
  return std::any_of(trials.begin(), trials.end(), [&](const HeldBack::Trial& t) { return !is_under_way(t, now); });
}

void Lanes::end_idle_trials(EngineTime now) {
  const std::vector<HeldBack::Trial> trials = held_back_.trials();
  for (const HeldBack::Trial& trial : trials) {
    if (!is_under_way(trial, now)) end_trial(trial.host);
  }
}

void Lanes::release(EngineTime now) {
  for (std::size_t left = kReleasedPerTurn; left > 0 && has_released(); --left) {
    const HostIndex host = held_back_.first().value();
    if (is_held_back(host)) {  // it answered for a while only
      held_back_.stand(host, outage_.standing(hosts_[host].origin));
      continue;
    }
    Lane& lane = lanes_.at(held_back_.lane_of(host));
    leave_place(lane);
    put_in_place(lane, now);
  }
}

bool Lanes::has_released() const {
  if (outage_.suspended()) return held_back_.first(HostStanding::kReached).has_value();
  return held_back_.first().has_value() && !PLANTED(kKeepHeldBack);
}

}  // namespace ackd
