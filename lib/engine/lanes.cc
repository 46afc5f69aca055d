#include "engine/lanes.h"

#include "base/planted_bug.h"

namespace ackd {

Lanes::Lanes(const LaneLimits& limits, const Outage& outage, std::function<LaneFacts(const LaneKey&)> facts_of)
    : limits_(limits),
      outage_(outage),
      facts_of_(std::move(facts_of)),
      squeezed_(limits.squeezed_max, TrialShare::Line::kOldestFirst),
      untried_(limits.untried_max, TrialShare::Line::kNewestFirst) {}

Lane* Lanes::find(LaneId id) {
  const auto found = lanes_.find(id);
  return found == lanes_.end() ? nullptr : &found->second;
}

const Lane* Lanes::find(const LaneKey& key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : *found;
}

Lane& Lanes::get(LaneId id, const LaneKey& key, LaneStanding standing) {
  const auto [found, created] = lanes_.try_emplace(id);
  Lane& lane = found->second;
  if (created) {
    lane.id = id;
    lane.packed_key = PackedKey(key);
    lane.window = LaneWindow(limits_.window_first, limits_.window);
    take_facts(lane);
    recall(lane, standing);
    lane.served_ms = served_floor_ms_;
    CHECK_THAT(by_key_.insert(&lane).second, "two lanes of the outbox have the same key");
  }
  return lane;
}

// Joins the host that the facts name; who asks for them anew leaves the one before.
void Lanes::take_facts(Lane& lane) {
  const LaneFacts facts = facts_of_(lane.key().copy());
  lane.host = hosts_.join(facts.origin);
  lane.window.set_most(facts.window.value_or(limits_.window));
  lane.paused = facts.paused;
  take_paces(lane, facts);
}

void Lanes::leave_host(HostIndex index) {
  hosts_.leave(index);
  forget_unused(index);
}

void Lanes::forget_unused(HostIndex index) {
  const PaceIndex pace = hosts_[index].pace;
  if (!hosts_.forget_unused(index)) return;
  paces_.leave(pace);
  held_back_.end_trial(index, HostStanding::kUnknown);
}

void Lanes::forget(const Lane& lane) {
  squeezed_.count(lane.window.squeezed(), false);
  by_key_.erase(&lane);
  leave_host(lane.host);
  paces_.leave(lane.pace);
  lanes_.erase(lane.id);
}

// Requests that are in flight stay counted at the host that they went to; finished() is told which.
void Lanes::merchant_changed(std::string_view provider, std::string_view merchant, EngineTime now) {
  std::vector<LaneId> changed;
  look_at({std::string(provider), std::string(merchant), {}}, [&](const Lane& lane) {
    if (lane.key().provider != provider || lane.key().merchant != merchant) return false;
    changed.push_back(lane.id);
    return true;
  });
  for (const LaneId id : changed) {
    Lane& lane = lanes_.at(id);
    const bool had_slot = lane.place == Lane::Place::kReady;
    const HostIndex host = lane.host;
    const PaceIndex pace = lane.pace;
    leave_place(lane);
    take_facts(lane);
    if (lane.host != host) begin_anew(lane);
    leave_host(host);
    paces_.leave(pace);
    if (lane.paused) drop_pages(lane);
    reconsider(lane, now);
    if (had_slot) wake_waiting(host);
    wake_trials();
    wake_paced();
  }
}

void Lanes::look_at(const LaneKey& first, const std::function<bool(const Lane&)>& on_lane) const {
  auto at = by_key_.lower_bound(first);
  while (at != by_key_.end() && on_lane(**at)) ++at;
}

void Lanes::look_at_hosts(const std::string& first, const std::function<bool(const HostView&)>& on_host) const {
  hosts_.look_at(first, [&](HostIndex index) {
    const Host& host = hosts_[index];
    const std::size_t waiting = host.waiting + held_back_.lanes(index);
    return on_host({host.origin, host.lanes, waiting, host.in_flight, limits_.host_ceiling, host_rate_of(index),
                    is_held_back(index)});
  });
}

void Lanes::close_until(Lane& lane, EngineTime opens_at) {
  lane.opens_at = std::max(lane.opens_at, opens_at);
}

void Lanes::started(Lane& lane) {
  if (lane.place == Lane::Place::kReady) leave_place(lane);  // its key there is about to change
  ++lane.in_flight;
  ++hosts_[lane.host].in_flight;
  lane.served_ms += lane.typical_ms;
  paces_.take(lane.pace);
  paces_.take(hosts_[lane.host].pace);
  if (TrialShare* share = share_of(lane)) share->start(lane);
}

Duration Lanes::finished(Lane& lane, HostIndex at, Duration took, LaneFeedback feedback) {
  CHECK_THAT(lane.in_flight > 0, "a lane finished more than it started");
  // Its key there is about to change, and whether it is squeezed.
  if (lane.place == Lane::Place::kReady || lane.place == Lane::Place::kTrialWait) leave_place(lane);
  const bool was_trial = lane.trial_of != nullptr;
  --lane.in_flight;
  lane.charge(took);
  if (lane.in_flight == 0) TrialShare::end(lane);
  if (at != lane.host) feedback = LaneFeedback::kNone;  // its merchant has moved meanwhile
  const Duration closed = learn(lane, feedback, was_trial);
  Host& host = hosts_[at];
  CHECK_THAT(host.in_flight > 0, "a host finished more than it started");
  --host.in_flight;
  if (host.in_flight == 0) end_trial(at);
  wake_waiting(at);
  forget_unused(at);
  wake_trials();
  wake_paced();
  return closed;
}

void Lanes::leave_place(Lane& lane) {
  switch (lane.place) {
    case Lane::Place::kReady:
      ready_.erase({lane.served_ms, lane.id});
      if (TrialShare* share = share_of(lane)) share->leave_ready();
      paces_.unclaim(lane.pace);
      paces_.unclaim(hosts_[lane.host].pace);
      break;
    case Lane::Place::kAsleep: sleepers_.remove(lane); break;
    case Lane::Place::kHostWait: hosts_.leave_line(lane); break;
    case Lane::Place::kTrialWait: share_of(lane)->leave(lane); break;
    case Lane::Place::kTokenWait: paces_.leave_line(lane); break;
    case Lane::Place::kHeldBack: held_back_.remove(lane.host, lane.id); break;
    case Lane::Place::kNowhere: break;
  }
  lane.place = Lane::Place::kNowhere;
}

void Lanes::enter_ready(Lane& lane) {
  lane.served_ms = PLANTED(kServeInOrder) ? 0 : std::max(lane.served_ms, served_floor_ms_);
  lane.place = Lane::Place::kReady;
  ready_.insert({lane.served_ms, lane.id});
  if (TrialShare* share = share_of(lane)) share->enter_ready();
  paces_.claim(lane.pace);
  paces_.claim(hosts_[lane.host].pace);
}

// A lane that was ready and is not any more leaves its host's slot to the next one that waits there: nothing else would
// wake that one.
void Lanes::reconsider(Lane& lane, EngineTime now) {
  const bool had_slot = lane.place == Lane::Place::kReady;
  const HostIndex host = lane.host;
  const LaneId id = lane.id;
  put_in_place(lane, now);
  if (!had_slot) return;
  const Lane* still = find(id);
  if (still != nullptr && still->place == Lane::Place::kReady) return;
  wake_waiting(host);
  wake_trials();
  wake_paced();
}

void Lanes::put_in_place(Lane& lane, EngineTime now) {
  const bool held_back = is_held_back(lane.host) && lane.opens_at <= now && lane.is_due(now);
  // Keeps its turn.
  if (lane.place == Lane::Place::kHeldBack && held_back) return;
  const bool waits = lane.place == Lane::Place::kHostWait || lane.place == Lane::Place::kTrialWait ||
                     lane.place == Lane::Place::kTokenWait;
  if (waits && lane.first_due() <= now && lane.opens_at <= now) return;
  leave_place(lane);
  if (lane.idle() && !PLANTED(kKeepIdleLanes)) {
    forget(lane);
    return;
  }
  if (lane.paused) return;
  if (held_back) return hold_back(lane);
  if (lane.opens_at <= now) {
    want_pages(lane, now);
    if (lane.first_due() <= now) return put_in_line(lane);
  }
  const EngineTime wakes_at = std::max(lane.opens_at, wake_of(lane));
  if (wakes_at == EngineTime::max() || wakes_at <= now) return;
  lane.place = Lane::Place::kAsleep;
  sleepers_.add(lane, wakes_at);
}

// When a row at hand is due, or a page is to be read; what is being read answers for itself.
EngineTime Lanes::wake_of(const Lane& lane) const {
  EngineTime wake = lane.first_due();
  for (const LanePage& page : lane.pages) {
    const bool reads = !page.wanted && !page.reading && page.beyond != EngineTime::max() && has_room_for_page(page);
    if (reads) wake = std::min(wake, page.beyond - read_ahead(lane));
  }
  return wake;
}

void Lanes::advance(EngineTime now) {
  paces_.advance(now);
  squeezed_.advance(now);
}

void Lanes::wake_due(EngineTime now) {
  wake_paced();
  wake_trials();
  while (!sleepers_.empty() && sleepers_.first_wake() <= now) reconsider(sleepers_.first(), now);
}

std::optional<Lanes::Next> Lanes::take_next(EngineTime now) {
  while (!ready_.empty()) {
    Lane& lane = lanes_.at(ready_.begin()->second);
    const Host& host = hosts_[lane.host];
    if (host.in_flight >= ceiling(lane.host) || !paces_.has_token(host.pace) || !paces_.has_token(lane.pace)) {
      reconsider(lane, now);  // its host filled up meanwhile, or is not sent to any more, or a suspect came first
      continue;
    }
    leave_place(lane);
    served_floor_ms_ = lane.served_ms;
    DueNotification row = lane.page(lane.choose_class(now)).pop();
    page_bytes_ -= row.bytes();
    buffered_in_.erase(row.key.id);
    lane.put_away(row.key.id);
    started(lane);
    reconsider(lane, now);
    return Next{lane, std::move(row)};
  }
  return std::nullopt;
}

std::optional<EngineTime> Lanes::next_wake() const {
  std::optional<EngineTime> wake = squeezed_.next_wake();
  const auto consider = [&](EngineTime at) { wake = std::min(wake.value_or(at), at); };
  if (const std::optional<EngineTime> token = paces_.next_wake()) consider(*token);
  if (!sleepers_.empty()) consider(sleepers_.first_wake());
  return wake;
}

}  // namespace ackd
