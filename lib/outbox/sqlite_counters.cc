#include "outbox/sqlite_counters.h"

#include <algorithm>

namespace ackd {
namespace {

constexpr std::array<const char*, kCounterCount> kNames{"pending",   "held",          "delivered",
                                                        "exhausted", "cancelled",     "admitted",
                                                        "attempts",  "possibly_sent", "silent_resends"};

Counter counter_of(State state) {
  return static_cast<Counter>(state);
}

}  // namespace

OutboxCounts read_counts(SqliteDatabase& database) {
  SqliteStatement statement(database, "SELECT value FROM counter WHERE name=?");
  std::array<std::uint64_t, kCounterCount> values{};
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    const SqliteRow row = statement.find(kNames.at(i));
    if (row) values.at(i) = static_cast<std::uint64_t>(row.integer(0));
  }
  OutboxCounts counts;
  std::copy_n(values.begin(), kStateCount, counts.by_state.begin());
  const auto value = [&](Counter counter) { return values.at(static_cast<std::size_t>(counter)); };
  counts.admitted = value(Counter::kAdmitted);
  counts.attempts = value(Counter::kAttempts);
  counts.possibly_sent = value(Counter::kPossiblySent);
  counts.silent_resends = value(Counter::kSilentResends);
  return counts;
}

CounterChanges::CounterChanges(SqliteDatabase& database)
    : add_(database, "UPDATE counter SET value=value+? WHERE name=?"),
      raise_(database, "UPDATE meta SET value=max(value, ?) WHERE name=?") {}

void CounterChanges::clear() {
  changes_.fill(0);
  newest_id_ = {};
  newest_record_ = {};
}

void CounterChanges::add(Counter counter, std::int64_t by) {
  changes_.at(static_cast<std::size_t>(counter)) += by;
}

void CounterChanges::move(State from, State to) {
  add(counter_of(from), -1);
  add(counter_of(to), +1);
}

void CounterChanges::admitted(NotificationId id, State state) {
  add(Counter::kAdmitted, 1);
  add(counter_of(state), 1);
  newest_id_ = std::max(newest_id_, id);
}

void CounterChanges::recorded_at(EngineTime at) {
  newest_record_ = std::max(newest_record_, at);
}

void CounterChanges::write() {
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    if (changes_.at(i) != 0) add_.run(changes_.at(i), kNames.at(i));
  }
  if (newest_id_.value > 0) raise_.run(newest_id_, "newest_id");
  if (newest_record_.ms > 0) raise_.run(newest_record_, "newest_record_ms");
}

}  // namespace ackd
