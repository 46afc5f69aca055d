// The outbox's counters: kept in the transaction that changes them, because counting ten million rows takes a second.
#pragma once

#include <array>
#include <cstdint>

#include "outbox/queries.h"
#include "outbox/sqlite_database.h"

namespace ackd {

enum class Counter : std::uint8_t {
  kPending,  // the states first, in their order
  kHeld,
  kDelivered,
  kExhausted,
  kCancelled,
  kAdmitted,
  kAttempts,
  kPossiblySent,
  kSilentResends,
};
inline constexpr std::size_t kCounterCount = 9;

OutboxCounts read_counts(SqliteDatabase& database);

// What one transaction adds, written once at its end.
class CounterChanges {
 public:
  explicit CounterChanges(SqliteDatabase& database);

  void clear();
  void add(Counter counter, std::int64_t by);
  // The notification leaves one state for another; the same one twice is no change.
  void move(State from, State to);
  void admitted(NotificationId id, State state);
  void recorded_at(EngineTime at);
  void write();

 private:
  SqliteStatement add_;
  SqliteStatement raise_;
  std::array<std::int64_t, kCounterCount> changes_{};
  NotificationId newest_id_;
  EngineTime newest_record_;
};

}  // namespace ackd
