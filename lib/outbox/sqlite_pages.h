// The reads that ride on a batch: pages of a lane's head, lane discovery, single rows. They run on the writer's
// connection after its writes, because a reader's own snapshot may still show rows that were just settled, and those
// would be sent again.
#pragma once

#include <optional>
#include <vector>

#include "outbox/outbox.h"
#include "outbox/sqlite_database.h"
#include "outbox/sqlite_lanes.h"
#include "outbox/sqlite_standing.h"

namespace ackd {

class SqlitePages {
 public:
  SqlitePages(SqliteDatabase& database, SqliteLanes& lanes);

  // Costs as many queue rows as it returns and excludes, whatever lies behind them.
  Page read_page(const PageRequest& request);
  // One seek for each lane, however many rows it has. Sets `complete` when no lane lies behind the last one.
  std::vector<LaneHead> scan_lanes(const LaneScan& scan, bool& complete);
  std::vector<StoredRow> read_rows(const RowRequest& request);
  // Nothing when the lane has no pending rows.
  std::optional<LaneHead> head_of(LaneId lane);

 private:
  DueNotification due_notification(const QueueKey& key, const Progress& progress, bool noted);
  void check_seal(const DueNotification& due, std::int64_t seal);
  EngineTime first_due(LaneId lane, DueClass due_class);

  SqliteDatabase& database_;
  SqliteLanes& lanes_;
  StandingReader standings_;
  SqliteStatement head_, first_due_, next_lane_, payload_, cancel_asked_;
};

}  // namespace ackd
