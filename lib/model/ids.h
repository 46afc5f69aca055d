// Identities. Each is a type of its own, so that a lane's number is never taken for a notification's.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace ackd {

// 63 bits, ordered by time of admission: 41 bits of milliseconds since 2024-01-01 UTC (until 2093), 10 bits of node,
// 12 bits of sequence. Shown to people and programs as a decimal string (JSON numbers lose bits above 2^53).
struct NotificationId {
  std::int64_t value = 0;
  friend auto operator<=>(NotificationId, NotificationId) = default;
};

std::string to_string(NotificationId id);
std::optional<NotificationId> parse_notification_id(std::string_view text);
// The admission time inside the id, to the millisecond (later than the true time only after a clock step back).
EngineTime time_of(NotificationId id);

// A lane's row number in the outbox.
struct LaneId {
  std::int64_t value = 0;
  friend auto operator<=>(LaneId, LaneId) = default;
};

// A stored profile text's row number in the outbox; 0 is "not stored yet".
struct RevisionId {
  std::int64_t value = 0;
  friend auto operator<=>(RevisionId, RevisionId) = default;
};

// Matches a question to a transport, signer, store or engine with its answer. Never stored, never reused in a run.
using Ticket = std::uint64_t;

// Hands out ids that only grow: after a clock step back, or above 4,096 ids a millisecond, it runs ahead of the clock.
class IdSource {
 public:
  // REQUIRES: node < 1024. `newest` is the largest id ever handed out, from the outbox.
  IdSource(unsigned node, NotificationId newest);
  NotificationId next(EngineTime now);
  NotificationId newest() const { return newest_; }

 private:
  std::int64_t node_bits_;
  NotificationId newest_;
};

}  // namespace ackd

template <>
struct std::hash<ackd::NotificationId> {
  std::size_t operator()(ackd::NotificationId id) const noexcept { return std::hash<std::int64_t>{}(id.value); }
};
template <>
struct std::hash<ackd::LaneId> {
  std::size_t operator()(ackd::LaneId id) const noexcept { return std::hash<std::int64_t>{}(id.value); }
};
template <>
struct std::hash<ackd::RevisionId> {
  std::size_t operator()(ackd::RevisionId id) const noexcept { return std::hash<std::int64_t>{}(id.value); }
};
