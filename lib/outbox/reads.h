// Reads that ride on a batch, after its writes, on the same connection: a reader's own snapshot would send rows again
// that are settled already.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/notification.h"
#include "model/state.h"

namespace ackd {

// The head of one lane's queue: up to `rows_max` rows of one class that are due by `due_by`, in (next_at, id) order,
// without `excluded`.
struct PageRequest {
  LaneId lane;
  DueClass due_class = DueClass::kFresh;
  EngineTime due_by;
  std::size_t rows_max = 0;
  std::size_t bytes_max = 0;             // of content; at least one row is returned when one is due
  std::vector<NotificationId> excluded;  // buffered, in flight, settling or suspect
};

struct Page {
  LaneId lane;
  DueClass due_class = DueClass::kFresh;
  std::vector<DueNotification> rows;
  // next_at of the first row behind these (excluded ones aside); max() when there is none.
  EngineTime beyond = EngineTime::max();
};

// A slice of lane discovery: lanes with pending rows above `after`, in id order.
struct LaneScan {
  LaneId after;
  std::size_t lanes_max = 0;
};

struct LaneHead {
  LaneId lane;
  LaneKey key;
  // next_at of the first row of each class, by DueClass; max() when there is none.
  std::array<EngineTime, 2> earliest{EngineTime::max(), EngineTime::max()};
  LaneStanding standing = LaneStanding::kUnknown;
};

// Keys that are sealed under another master key than this one, as the record has them: what a rotation has left.
struct SealedKeysRead {
  std::string current;
  std::size_t rows_max = 0;
};

// Single pending rows by id, for the suspects of a crash.
struct RowRequest {
  std::vector<NotificationId> ids;
};

struct StoredRow {
  DueNotification row;
  LaneKey lane;
  std::uint32_t lonely_crashes = 0;
  LaneStanding standing = LaneStanding::kUnknown;  // of the lane
};

}  // namespace ackd
