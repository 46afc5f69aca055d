// Lanes of even and odd number, which share a host each, and what the engine would do with them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/lanes.h"

namespace ackd::test {

inline constexpr EngineTime kNow{1'772'366'400'000};

inline DueNotification row(std::int64_t lane, std::int64_t id, DueClass due_class = DueClass::kFresh) {
  DueNotification row;
  row.key = {LaneId{lane}, due_class, kNow, NotificationId{id}};
  row.content = "content";
  return row;
}

inline LaneKey key(std::int64_t lane) {
  return {"provider", "m" + std::to_string(lane), ""};
}

inline LaneFacts default_facts(const LaneKey& lane) {
  return {lane.merchant.back() % 2 == 0 ? "even" : "odd", std::nullopt, false};
}

// Lanes that have the whole of their window from the start, because their merchants count as known.
inline LaneLimits unlearned(LaneLimits limits) {
  limits.window_first = limits.window;
  return limits;
}

class LanesFixture {
 public:
  explicit LanesFixture(const LaneLimits& limits = {})
      : lanes(unlearned(limits), outage, [this](const LaneKey& lane) {
          const auto changed = facts.find(lane.merchant);
          return changed == facts.end() ? default_facts(lane) : changed->second;
        }) {
    lanes.advance(now);
  }

  // Gives the lane's merchant other facts, as a committed change does.
  void change(std::int64_t lane, const LaneFacts& to) {
    facts[key(lane).merchant] = to;
    lanes.merchant_changed("provider", key(lane).merchant, now);
  }

  void offer(std::int64_t lane, std::int64_t id, DueClass due_class = DueClass::kFresh) {
    offer(lane, key(lane), id, due_class);
  }
  // In a lane of another name.
  void offer(std::int64_t lane, const LaneKey& name, std::int64_t id, DueClass due_class = DueClass::kFresh) {
    Lane& found = lanes.get(LaneId{lane}, name, LaneStanding::kUnknown);
    if (knows_merchants && found.place == Lane::Place::kNowhere) found.window.know();
    lanes.offer(found, row(lane, id, due_class));
    lanes.reconsider(found, now);
  }
  // What a page read brings that was asked for when the lane had a row due soon.
  void read_ahead(std::int64_t lane, const std::vector<std::pair<std::int64_t, Duration>>& rows,
                  EngineTime beyond = EngineTime::max()) {
    Lane& found = lanes.get(LaneId{lane}, key(lane), LaneStanding::kUnknown);
    if (knows_merchants) found.window.know();
    lanes.note_beyond(found, DueClass::kFresh, now + rows.front().second);
    lanes.reconsider(found, now);
    lanes.take_page_requests(10, now);
    Page page;
    page.lane = LaneId{lane};
    page.due_class = DueClass::kFresh;
    page.beyond = beyond;
    for (const auto& [id, after] : rows) {
      page.rows.push_back(row(lane, id));
      page.rows.back().key.next_at = now + after;
    }
    lanes.page_read(std::move(page), [](const DueNotification&) { return false; });
    lanes.reconsider(found, now);
  }
  // Starts one and returns its id; 0 when nothing may start.
  std::int64_t start() {
    const std::optional<Lanes::Next> next = lanes.take_next(now);
    return next ? next->row.key.id.value : 0;
  }
  void finish(std::int64_t lane, std::int64_t id, Duration took, std::optional<HostIndex> host = std::nullopt,
              LaneFeedback feedback = LaneFeedback::kNone) {
    Lane& found = *lanes.find(LaneId{lane});
    const Duration closed = lanes.finished(found, host.value_or(found.host), took, feedback);
    if (closed.count() > 0) lanes.close_until(found, now + closed);
    found.bring_back(NotificationId{id});
    lanes.reconsider(found, now);
  }

  void pass(Duration time) {
    now = now + time;
    lanes.advance(now);
    lanes.wake_due(now);
  }

  bool knows_merchants = true;
  std::map<std::string, LaneFacts> facts;
  EngineTime now = kNow;
  Outage outage{3, kNow};
  Lanes lanes;
};

}  // namespace ackd::test
