#include "engine/lanes.h"

#include "base/planted_bug.h"

namespace ackd {
namespace {

// Of four starts of a lane with both kinds due, three are fresh: a storm of retries cannot starve new payments, and new
// payments cannot starve retries.
constexpr std::uint8_t kTurnLength = 4;
// Above the page budget a lane still gets this many rows at a time, so that lanes whose rows wait behind a slow
// merchant cannot keep others from starting.
constexpr std::size_t kRowsOverBudget = 4;
// The moving average follows a change within about eight transfers.
constexpr std::int64_t kTypicalWeight = 8;

}  // namespace

Lanes::Lanes(const LaneLimits& limits, std::function<LaneFacts(const LaneKey&)> facts_of)
    : limits_(limits), facts_of_(std::move(facts_of)) {}

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
  lane.host = join_host(facts.origin);
  lane.window = static_cast<std::uint16_t>(facts.window.value_or(limits_.window));
  lane.paused = facts.paused;
}

HostIndex Lanes::join_host(const std::string& origin) {
  const auto [found, created] = host_by_origin_.try_emplace(origin, static_cast<HostIndex>(hosts_.size()));
  if (created && free_hosts_.empty()) {
    hosts_.emplace_back();
  } else if (created) {
    found->second = free_hosts_.back();
    free_hosts_.pop_back();
  }
  Host& host = hosts_[found->second];
  host.origin = origin;
  ++host.lanes;
  return found->second;
}

void Lanes::leave_host(HostIndex index) {
  CHECK_THAT(hosts_[index].lanes > 0, "more lanes left a host than it had");
  --hosts_[index].lanes;
  forget_unused(index);
}

// A host goes with its last lane and request: notifications may name any number of hosts in the course of a year.
void Lanes::forget_unused(HostIndex index) {
  Host& host = hosts_[index];
  if (host.lanes > 0 || host.in_flight > 0) return;
  host_by_origin_.erase(host.origin);
  host = Host{};
  free_hosts_.push_back(index);
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
    if (had_slot) wake_waiting(hosts_[host]);
  }
}

void Lanes::look_at(const LaneKey& first, const std::function<bool(const Lane&)>& on_lane) const {
  auto at = by_key_.lower_bound(first);
  while (at != by_key_.end() && on_lane(**at)) ++at;
}

void Lanes::look_at_hosts(const std::string& first, const std::function<bool(const HostView&)>& on_host) const {
  for (auto at = host_by_origin_.lower_bound(first); at != host_by_origin_.end(); ++at) {
    const Host& host = hosts_[at->second];
    if (!on_host({host.origin, host.lanes, host.waiting.size(), host.in_flight, limits_.host_ceiling})) return;
  }
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
      page_bytes_ -= row.bytes();
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
  const std::int64_t took_ms = std::max<std::int64_t>(took.count(), 1);
  lane.served_ms += took_ms - lane.typical_ms;
  lane.typical_ms += (took_ms - lane.typical_ms) / kTypicalWeight;
  Host& host = hosts_[at];
  CHECK_THAT(host.in_flight > 0, "a host finished more than it started");
  --host.in_flight;
  wake_waiting(host);
  forget_unused(at);
}

// One free slot wakes one waiting lane, the longest waiting first.
void Lanes::wake_waiting(Host& host) {
  if (host.waiting.empty() || host.in_flight >= limits_.host_ceiling) return;
  const LaneId waiting = host.waiting.front();
  host.waiting.pop_front();
  if (Lane* next = find(waiting); next != nullptr && next->place == Lane::Place::kHostWait) {
    next->place = Lane::Place::kNowhere;
    enter_ready(*next);
  }
}

void Lanes::leave_place(Lane& lane) {
  switch (lane.place) {
    case Lane::Place::kReady: ready_.erase({lane.served_ms, lane.id}); break;
    case Lane::Place::kAsleep: sleepers_.erase({lane.wakes_at, lane.id}); break;
    case Lane::Place::kHostWait: std::erase(hosts_[lane.host].waiting, lane.id); break;
    case Lane::Place::kNowhere: break;
  }
  lane.place = Lane::Place::kNowhere;
}

void Lanes::enter_ready(Lane& lane) {
  lane.served_ms = std::max(lane.served_ms, served_floor_ms_);
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
  if (still == nullptr || still->place != Lane::Place::kReady) wake_waiting(hosts_[host]);
}

void Lanes::put_in_place(Lane& lane, EngineTime now) {
  if (lane.place == Lane::Place::kHostWait && lane.buffered() > 0 && lane.opens_at <= now) return;  // keeps its turn
  leave_place(lane);
  if (lane.idle()) {
    forget(lane);
    return;
  }
  if (lane.paused) return;
  if (lane.opens_at <= now) {
    want_pages(lane, now);
    if (lane.buffered() > 0) {
      if (lane.in_flight >= lane.window) return;
      if (hosts_[lane.host].in_flight < limits_.host_ceiling || PLANTED(kIgnoreHostCeiling)) return enter_ready(lane);
      lane.place = Lane::Place::kHostWait;
      hosts_[lane.host].waiting.push_back(lane.id);
      return;
    }
  }
  EngineTime due = EngineTime::max();
  for (const LanePage& page : lane.pages) {
    // A page that is wanted or being read answers for itself.
    if (!page.wanted && !page.reading) due = std::min(due, page.empty() ? page.beyond : EngineTime::min());
  }
  const EngineTime wakes_at = std::max(lane.opens_at, due);
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

DueClass Lanes::choose_class(Lane& lane) const {
  const bool retry_turn = lane.turn % kTurnLength == kTurnLength - 1;
  ++lane.turn;
  const DueClass wish = retry_turn ? DueClass::kRetry : DueClass::kFresh;
  const DueClass other = retry_turn ? DueClass::kFresh : DueClass::kRetry;
  return lane.page(wish).empty() ? other : wish;
}

std::optional<Lanes::Next> Lanes::take_next(EngineTime now) {
  while (!ready_.empty()) {
    Lane& lane = lanes_.at(ready_.begin()->second);
    if (hosts_[lane.host].in_flight >= limits_.host_ceiling && !PLANTED(kIgnoreHostCeiling)) {
      reconsider(lane, now);  // its host filled up meanwhile: waits there
      continue;
    }
    leave_place(lane);
    served_floor_ms_ = lane.served_ms;
    DueNotification row = lane.page(choose_class(lane)).pop();
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
    if (lane->opens_at > now || page.beyond > now || lane->paused) {
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
