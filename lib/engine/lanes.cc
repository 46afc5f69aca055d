#include "engine/lanes.h"

#include "base/planted_bug.h"

namespace ackd {
namespace {

// Above the page budget a lane still gets this many rows at a time, so that lanes whose rows wait behind a slow
// merchant cannot keep others from starting.
constexpr std::size_t kRowsOverBudget = 4;
// What had to wait for an hour may be every lane there is: they are let go over many turns, so that none of them keeps
// the loop for long.
constexpr std::size_t kReleasedPerTurn = 1'000;

}  // namespace

Lanes::Lanes(const LaneLimits& limits, const Outage& outage, std::function<LaneFacts(const LaneKey&)> facts_of)
    : limits_(limits), outage_(outage), facts_of_(std::move(facts_of)) {}

Lane* Lanes::find(LaneId id) {
  const auto found = lanes_.find(id);
  return found == lanes_.end() ? nullptr : &found->second;
}

const Lane* Lanes::find(const LaneKey& key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : *found;
}

Lane& Lanes::get(LaneId id, const LaneKey& key) {
  const auto [found, created] = lanes_.try_emplace(id);
  Lane& lane = found->second;
  if (created) {
    lane.id = id;
    lane.key = key;
    take_facts(lane);
    lane.served_ms = served_floor_ms_;
    CHECK_THAT(by_key_.insert(&lane).second, "two lanes of the outbox have the same key");
  }
  return lane;
}

// Joins the host that the facts name; who asks for them anew leaves the one before.
void Lanes::take_facts(Lane& lane) {
  const LaneFacts facts = facts_of_(lane.key);
  lane.host = hosts_.join(facts.origin);
  lane.window = static_cast<std::uint16_t>(facts.window.value_or(limits_.window));
  lane.paused = facts.paused;
}

void Lanes::leave_host(HostIndex index) {
  hosts_.leave(index);
  forget_unused(index);
}

void Lanes::forget_unused(HostIndex index) {
  if (hosts_.forget_unused(index)) held_back_.end_trial(index, HostStanding::kUnknown);
}

void Lanes::forget(const Lane& lane) {
  by_key_.erase(&lane);
  leave_host(lane.host);
  lanes_.erase(lane.id);
}

// Requests that are in flight stay counted at the host that they went to; finished() is told which.
void Lanes::merchant_changed(std::string_view provider, std::string_view merchant, EngineTime now) {
  std::vector<LaneId> changed;
  look_at({std::string(provider), std::string(merchant), {}}, [&](const Lane& lane) {
    if (lane.key.provider != provider || lane.key.merchant != merchant) return false;
    changed.push_back(lane.id);
    return true;
  });
  for (const LaneId id : changed) {
    Lane& lane = lanes_.at(id);
    const bool had_slot = lane.place == Lane::Place::kReady;
    const HostIndex host = lane.host;
    leave_place(lane);
    take_facts(lane);
    leave_host(host);
    if (lane.paused) drop_pages(lane);
    reconsider(lane, now);
    if (had_slot) wake_waiting(host);
  }
}

void Lanes::look_at(const LaneKey& first, const std::function<bool(const Lane&)>& on_lane) const {
  auto at = by_key_.lower_bound(first);
  while (at != by_key_.end() && on_lane(**at)) ++at;
}

void Lanes::look_at_hosts(const std::string& first, const std::function<bool(const HostView&)>& on_host) const {
  hosts_.look_at(first, [&](HostIndex index) {
    const Host& host = hosts_[index];
    const std::size_t waiting = host.waiting.size() + held_back_.lanes(index);
    return on_host({host.origin, host.lanes, waiting, host.in_flight, limits_.host_ceiling, is_held_back(index)});
  });
}

bool Lanes::offer(Lane& lane, const DueNotification& row) {
  LanePage& page = lane.page(row.key.due_class);
  if (page.reading) return false;  // the read rides on the same batch and sees the row
  const bool has_room = page.size() < limits_.page_rows && page_bytes_ < limits_.page_bytes_max;
  if (page.beyond != EngineTime::max() || !has_room || lane.paused) {
    page.lower_beyond(row.key.next_at);
    return false;
  }
  keep(lane, row);
  return true;
}

void Lanes::keep(Lane& lane, DueNotification row) {
  page_bytes_ += row.bytes();
  buffered_in_.insert_or_assign(row.key.id, lane.id);
  LanePage& page = lane.page(row.key.due_class);
  page.push(std::move(row));
}

Lane* Lanes::holder_of(NotificationId id) {
  const auto found = buffered_in_.find(id);
  return found == buffered_in_.end() ? nullptr : find(found->second);
}

void Lanes::note_beyond(Lane& lane, DueClass due_class, EngineTime at) {
  lane.page(due_class).lower_beyond(at);
}

void Lanes::drop_pages(Lane& lane) {
  for (LanePage& page : lane.pages) {
    page.drop([&](const DueNotification& row) {
      if (!PLANTED(kForgetPageBytes)) page_bytes_ -= row.bytes();
      buffered_in_.erase(row.key.id);
      page.lower_beyond(row.key.next_at);
    });
  }
}

void Lanes::close_until(Lane& lane, EngineTime opens_at) {
  lane.opens_at = std::max(lane.opens_at, opens_at);
}

void Lanes::started(Lane& lane) {
  if (lane.place == Lane::Place::kReady) leave_place(lane);  // its key there is about to change
  ++lane.in_flight;
  ++hosts_[lane.host].in_flight;
  lane.served_ms += lane.typical_ms;
}

void Lanes::finished(Lane& lane, HostIndex at, Duration took) {
  CHECK_THAT(lane.in_flight > 0, "a lane finished more than it started");
  if (lane.place == Lane::Place::kReady) leave_place(lane);  // its key there is about to change
  --lane.in_flight;
  lane.charge(took);
  Host& host = hosts_[at];
  CHECK_THAT(host.in_flight > 0, "a host finished more than it started");
  --host.in_flight;
  if (host.in_flight == 0) end_trial(at);
  wake_waiting(at);
  forget_unused(at);
}

// One free slot wakes one waiting lane, the longest waiting first.
void Lanes::wake_waiting(HostIndex index) {
  Host& host = hosts_[index];
  if (is_held_back(index)) {
    for (const LaneId waiting : std::exchange(host.waiting, {})) hold_back(lanes_.at(waiting));
  }
  if (host.waiting.empty() || host.in_flight >= ceiling(index)) return;
  const LaneId waiting = host.waiting.front();
  host.waiting.pop_front();
  if (Lane* next = find(waiting); next != nullptr && next->place == Lane::Place::kHostWait) {
    next->place = Lane::Place::kNowhere;
    enter_ready(*next);
  }
}

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

void Lanes::leave_place(Lane& lane) {
  switch (lane.place) {
    case Lane::Place::kReady: ready_.erase({lane.served_ms, lane.id}); break;
    case Lane::Place::kAsleep: sleepers_.erase({lane.wakes_at, lane.id}); break;
    case Lane::Place::kHostWait: std::erase(hosts_[lane.host].waiting, lane.id); break;
    case Lane::Place::kHeldBack: held_back_.remove(lane.host, lane.id); break;
    case Lane::Place::kNowhere: break;
  }
  lane.place = Lane::Place::kNowhere;
}

void Lanes::enter_ready(Lane& lane) {
  lane.served_ms = PLANTED(kServeInOrder) ? 0 : std::max(lane.served_ms, served_floor_ms_);
  lane.place = Lane::Place::kReady;
  ready_.insert({lane.served_ms, lane.id});
}

void Lanes::want_pages(Lane& lane, EngineTime now) {
  for (const DueClass due_class : {DueClass::kFresh, DueClass::kRetry}) {
    LanePage& page = lane.page(due_class);
    if (page.reading || page.wanted || page.beyond > now || page.size() * 2 > limits_.page_rows) continue;
    page.wanted = true;
    wanted_.push_back({lane.id, due_class});
  }
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
  if (still == nullptr || still->place != Lane::Place::kReady) wake_waiting(host);
}

void Lanes::put_in_place(Lane& lane, EngineTime now) {
  const bool held_back = is_held_back(lane.host) && lane.opens_at <= now && lane.is_due(now);
  // Keeps its turn.
  if (lane.place == Lane::Place::kHeldBack && held_back) return;
  if (lane.place == Lane::Place::kHostWait && lane.buffered() > 0 && lane.opens_at <= now) return;
  leave_place(lane);
  if (lane.idle() && !PLANTED(kKeepIdleLanes)) {
    forget(lane);
    return;
  }
  if (lane.paused) return;
  if (held_back) return hold_back(lane);
  if (lane.opens_at <= now) {
    want_pages(lane, now);
    if (lane.buffered() > 0) {
      if (lane.in_flight >= lane.window) return;
      if (hosts_[lane.host].in_flight < ceiling(lane.host)) return enter_ready(lane);
      lane.place = Lane::Place::kHostWait;
      hosts_[lane.host].waiting.push_back(lane.id);
      return;
    }
  }
  const EngineTime wakes_at = std::max(lane.opens_at, lane.next_due());
  if (wakes_at == EngineTime::max() || wakes_at <= now) return;
  lane.place = Lane::Place::kAsleep;
  lane.wakes_at = wakes_at;
  sleepers_.insert({wakes_at, lane.id});
}

void Lanes::wake_due(EngineTime now) {
  while (!sleepers_.empty() && sleepers_.begin()->first <= now) {
    Lane& lane = lanes_.at(sleepers_.begin()->second);
    reconsider(lane, now);
  }
}

std::optional<Lanes::Next> Lanes::take_next(EngineTime now) {
  while (!ready_.empty()) {
    Lane& lane = lanes_.at(ready_.begin()->second);
    if (hosts_[lane.host].in_flight >= ceiling(lane.host)) {
      reconsider(lane, now);  // its host filled up meanwhile, or is not sent to any more: waits there
      continue;
    }
    leave_place(lane);
    served_floor_ms_ = lane.served_ms;
    DueNotification row = lane.page(lane.choose_class()).pop();
    page_bytes_ -= row.bytes();
    buffered_in_.erase(row.key.id);
    lane.put_away(row.key.id);
    started(lane);
    reconsider(lane, now);
    return Next{lane, std::move(row)};
  }
  return std::nullopt;
}

PageRequest Lanes::page_request(Lane& lane, DueClass due_class, EngineTime now) const {
  PageRequest request;
  request.lane = lane.id;
  request.due_class = due_class;
  request.due_by = now;
  const bool over_budget = page_bytes_ >= limits_.page_bytes_max;
  request.rows_max = over_budget ? kRowsOverBudget : limits_.page_rows;
  request.bytes_max = over_budget ? 1 : limits_.page_bytes_max / 16;
  if (!PLANTED(kReadAwayRows)) request.excluded = lane.away;
  for (LanePage& page : lane.pages) {
    page.for_each([&](const DueNotification& row) { request.excluded.push_back(row.key.id); });
  }
  return request;
}

std::vector<PageRequest> Lanes::take_page_requests(std::size_t pages_max, EngineTime now) {
  std::vector<PageRequest> requests;
  while (!wanted_.empty() && requests.size() < pages_max) {
    const Want want = wanted_.front();
    wanted_.pop_front();
    Lane* lane = find(want.lane);
    if (lane == nullptr) continue;
    LanePage& page = lane->page(want.due_class);
    page.wanted = false;
    if (lane->opens_at > now || page.beyond > now || lane->paused || is_held_back(lane->host)) {
      reconsider(*lane, now);
      continue;
    }
    requests.push_back(page_request(*lane, want.due_class, now));
    page.reading = true;
    page.beyond = EngineTime::max();  // what the read finds, and what is noted meanwhile, lowers it again
  }
  return requests;
}

void Lanes::page_failed(const PageRequest& request) {
  Lane* lane = find(request.lane);
  CHECK_THAT(lane != nullptr, "a lane was forgotten while its page was being read");
  LanePage& page = lane->page(request.due_class);
  page.reading = false;
  page.lower_beyond(request.due_by);
}

void Lanes::page_read(Page read, const std::function<bool(const DueNotification&)>& skip) {
  Lane* lane = find(read.lane);
  CHECK_THAT(lane != nullptr, "a lane was forgotten while its page was being read");
  LanePage& page = lane->page(read.due_class);
  page.reading = false;
  page.lower_beyond(read.beyond);
  for (DueNotification& row : read.rows) {
    if (!skip(row)) keep(*lane, std::move(row));
  }
}

std::optional<EngineTime> Lanes::next_wake() const {
  if (sleepers_.empty()) return std::nullopt;
  return sleepers_.begin()->first;
}

}  // namespace ackd
