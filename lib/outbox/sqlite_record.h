// Everything on record about one notification, read back into the values it was made of.
#pragma once

#include <optional>

#include "outbox/queries.h"
#include "outbox/sqlite_database.h"
#include "outbox/sqlite_standing.h"

namespace ackd {

class SqliteRecordReader {
 public:
  explicit SqliteRecordReader(SqliteDatabase& database);

  // Nothing when there is no such notification (or after trouble, which the database keeps).
  std::optional<NotificationRecord> read(NotificationId id);

 private:
  bool read_notification(NotificationId id, Notification& notification);
  void read_attempts(NotificationId id, NotificationRecord& record);

  SqliteDatabase& database_;
  StandingReader standings_;
  SqliteStatement notification_, attempts_;
};

}  // namespace ackd
