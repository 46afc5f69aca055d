// Activation in the tables: which URL of a merchant acknowledged a probe, which probe is pending, and what waits for an
// activation. Works inside the transaction that SqliteWriter opened.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/activation.h"
#include "outbox/sqlite_database.h"

namespace ackd {

// For the opening: one seek for each merchant that something waits for, however much waits.
ActivationRecord read_activation_record(SqliteDatabase& database);

class SqliteActivation {
 public:
  explicit SqliteActivation(SqliteDatabase& database);

  // --- The pending probe of a merchant. A probe that is held, or has ended, is in nobody's way. ---

  std::optional<NotificationId> open_probe(std::int64_t merchant);
  // The probe in whose way a copy of `id` would be; nothing when `id` is no probe.
  std::optional<NotificationId> open_beside(NotificationId id);
  void opened(std::int64_t merchant, NotificationId probe) { open_.run(merchant, probe); }
  // It became pending again; nothing happens when it is no probe. The same for closed().
  void reopened(NotificationId id) { reopen_.run(id); }
  void closed(LaneId lane, NotificationId id) { close_.run(lane, id); }

  void activated(LaneId lane, std::string_view url, EngineTime at) { activate_.run(lane, url, at); }

  std::int64_t merchant_of(LaneId lane);
  // The first `rows_max` notifications that are held until this merchant's activation, oldest first.
  std::vector<NotificationId> awaiting(std::int64_t merchant, std::size_t rows_max);

 private:
  SqliteStatement open_probe_, open_beside_, open_, reopen_, close_;
  SqliteStatement activate_, merchant_of_, awaiting_;
};

}  // namespace ackd
