#include "engine/held_back.h"

namespace ackd {

void HeldBack::add(HostIndex host, HostStanding standing, LaneId lane) {
  const auto [found, first] = waiting_.try_emplace(host);
  found->second.lanes.insert(lane);
  if (first) stand(host, standing);
}

void HeldBack::remove(HostIndex host, LaneId lane) {
  const auto found = waiting_.find(host);
  CHECK_THAT(found != waiting_.end() && found->second.lanes.erase(lane) == 1,
             "a lane was not held back that should be");
  if (!found->second.lanes.empty()) return;
  step_aside(host);
  waiting_.erase(found);
}

void HeldBack::stand(HostIndex host, HostStanding standing) {
  const auto found = waiting_.find(host);
  if (found == waiting_.end()) return;
  step_aside(host);
  found->second.standing = standing;
  found->second.turn = ++newest_turn_;
  turns_.insert({standing, found->second.turn, host});
}

void HeldBack::step_aside(HostIndex host) {
  const Waiting& waiting = waiting_.at(host);
  turns_.erase({waiting.standing, waiting.turn, host});
}

std::optional<HostIndex> HeldBack::first(HostStanding standing) const {
  const auto turn = turns_.lower_bound({standing, 0, 0});
  if (turn == turns_.end() || std::get<HostStanding>(*turn) != standing) return std::nullopt;
  return std::get<HostIndex>(*turn);
}

std::optional<HostIndex> HeldBack::first() const {
  if (turns_.empty()) return std::nullopt;
  return std::get<HostIndex>(*turns_.begin());
}

std::size_t HeldBack::lanes(HostIndex host) const {
  const auto found = waiting_.find(host);
  return found == waiting_.end() ? 0 : found->second.lanes.size();
}

void HeldBack::start_trial(HostIndex host) {
  trials_.push_back({host, lane_of(host), waiting_.at(host).standing});
  step_aside(host);
}

void HeldBack::end_trial(HostIndex host, HostStanding standing) {
  if (std::erase_if(trials_, [&](const Trial& trial) { return trial.host == host; }) > 0) stand(host, standing);
}

}  // namespace ackd
