// Where one notification stands, found from its id alone, by the reading order that sqlite_schema.h draws. The writer
// and the readers both ask this, so there is one answer.
#pragma once

#include <optional>
#include <string>

#include "model/notification.h"
#include "outbox/sqlite_database.h"

namespace ackd {

struct Standing {
  LaneId lane;
  State state = State::kPending;
  DueClass due_class = DueClass::kFresh;
  EngineTime state_at;  // pending: due; held: due when it was held; final: when it ended
  Progress progress;
  bool cancel_asked = false;
  std::uint32_t lonely_crashes = 0;
  std::string reason;
  std::int64_t awaits = 0;  // held: the merchant whose activation ends the hold, or 0
  bool noted = false;       // it has a row in `standing`

  // REQUIRES: state is pending.
  QueueKey queue_key(NotificationId id) const { return {lane, due_class, state_at, id}; }
};

class StandingReader {
 public:
  explicit StandingReader(SqliteDatabase& database);

  // Nothing when there is no such notification (or after trouble, which the database keeps).
  std::optional<Standing> find(NotificationId id);

 private:
  bool read_note(NotificationId id, Standing& standing);
  bool read_newest_attempt(NotificationId id, Standing& standing);

  SqliteStatement admitted_;
  SqliteStatement note_;
  SqliteStatement newest_attempt_;
};

}  // namespace ackd
