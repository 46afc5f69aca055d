// One lane in memory: the unit of fairness, pausing and back-pressure. Only lanes with pending rows exist here, so the
// struct is kept small: with its key, a host of its own and all that leads to it a lane costs less than 512 bytes. Rows
// are a bounded cache of the outbox's queue.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "engine/packed_key.h"
#include "model/notification.h"
#include "policy/lane_window.h"

namespace ackd {

// The head of one class of a lane's queue: what is due, and what will be in a moment, by the time that it is due. Rows
// are taken from the front; most pages are empty, and cost a pointer then, where a deque would cost 600 bytes.
class LanePage {
 public:
  bool empty() const { return rows_ == nullptr; }
  std::size_t size() const { return empty() ? 0 : rows_->all.size() - rows_->next; }
  // When the next row at hand is due; max() when none is.
  EngineTime first_due() const;
  void push(DueNotification row);
  DueNotification pop();
  template <class OnRow>
  void for_each(OnRow on_row) const {
    if (empty()) return;
    for (std::size_t i = rows_->next; i < rows_->all.size(); ++i) on_row(rows_->all[i]);
  }
  // Forgets all rows; the outbox still has them. `on_row` sees each.
  template <class OnRow>
  void drop(OnRow on_row) {
    for_each(on_row);
    rows_.reset();
  }

  // No row that is neither in this page nor away is due before this; max() when there is none at all.
  EngineTime beyond = EngineTime::max();
  bool reading = false;  // a read of this page rides on the batch in flight
  bool wanted = false;   // waits in the queue of page reads

  void lower_beyond(EngineTime at) { beyond = std::min(beyond, at); }

 private:
  struct Rows {
    std::vector<DueNotification> all;
    std::size_t next = 0;
  };
  std::unique_ptr<Rows> rows_;  // nothing when none is left
};

using HostIndex = std::uint32_t;
using PaceIndex = std::uint32_t;  // of a bucket in engine/paces.h
inline constexpr PaceIndex kNoPace = UINT32_MAX;
class TrialShare;

struct Lane {
  // Which of the scheduler's structures holds the lane; exactly one.
  enum class Place : std::uint8_t { kNowhere, kReady, kHostWait, kTrialWait, kTokenWait, kHeldBack, kAsleep };

  struct Trouble {
    std::string why;
    Duration not_sent_delay{0};  // the current back-off after trouble of our own
  };

  LaneId id;
  PackedKey packed_key;
  HostIndex host = 0;
  PaceIndex pace = kNoPace;  // its own, or its merchant's
  std::uint32_t in_flight = 0;
  Place place = Place::kNowhere;
  std::uint8_t turn = 0;                        // counts starts, for the ratio of fresh and retry
  LaneStanding heard = LaneStanding::kUnknown;  // last of its merchant
  bool untold : 1 = false;                      // the outbox is to be told of it with the lane's next settlement
  bool paused : 1 = false;                      // its merchant is: nothing starts and nothing is read, whatever is due
  TrialShare* trial_of = nullptr;               // in whose share its one request counts
  LaneWindow window;                            // requests in flight at most
  std::array<LanePage, 2> pages;
  // Rows that are not in the outbox's hands alone: in flight, settling, or suspect. Page reads leave them out. Most
  // lanes have none, and nothing here then.
  std::unique_ptr<std::vector<NotificationId>> away;
  std::int64_t served_ms = 0;    // virtual time of the fair queue: slot-milliseconds used
  std::int64_t typical_ms = 50;  // moving average of one transfer, the price asked in advance
  EngineTime opens_at = EngineTime::min();
  std::unique_ptr<Trouble> trouble;  // why it is closed, if it is: few are
  // Where in its place: with kHostWait, kTrialWait and kTokenWait its turn in the line, with kAsleep its index there.
  std::uint64_t spot = 0;

  LaneKeyView key() const { return packed_key.view(); }
  LanePage& page(DueClass due_class) { return pages[static_cast<std::size_t>(due_class)]; }
  const LanePage& page(DueClass due_class) const { return pages[static_cast<std::size_t>(due_class)]; }
  std::size_t buffered() const { return pages[0].size() + pages[1].size(); }
  // Nothing buffered, away, being read or known to lie beyond: the lane may be forgotten.
  bool idle() const;
  // When the next row at hand is due; max() when none is.
  EngineTime first_due() const { return std::min(pages[0].first_due(), pages[1].first_due()); }
  // A row is due, at hand or in the outbox.
  bool is_due(EngineTime now) const;
  bool awaits_page() const;
  // Of which class the next start is. REQUIRES: a row at hand is due.
  DueClass choose_class(EngineTime now);
  // A transfer has occupied a slot for so long, instead of the typical time that was paid at its start.
  void charge(Duration took);
  void hear(LaneStanding standing);
  // What the outbox does not know yet, once.
  std::optional<LaneStanding> take_news();
  void put_away(NotificationId row);
  void bring_back(NotificationId row);
};

// Orders of lanes that stay where they are in memory: a set of pointers costs a lane less than one of copied keys.
struct LaneByKey {
  using is_transparent = void;
  bool operator()(const Lane* a, const Lane* b) const { return a->key() < b->key(); }
  bool operator()(const Lane* a, const LaneKeyView& b) const { return a->key() < b; }
  bool operator()(const LaneKeyView& a, const Lane* b) const { return a < b->key(); }
};

}  // namespace ackd
