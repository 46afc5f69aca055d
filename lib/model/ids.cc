#include "model/ids.h"

#include <algorithm>

#include "base/decimal.h"

namespace ackd {
namespace {

constexpr std::int64_t kEpochMs = 1'704'067'200'000;  // 2024-01-01T00:00:00Z
constexpr int kSequenceBits = 12;
constexpr int kNodeBits = 10;
constexpr int kTimeShift = kSequenceBits + kNodeBits;
constexpr std::int64_t kSequenceMask = (1LL << kSequenceBits) - 1;

std::int64_t ticks_of(std::int64_t id) {
  return id >> kTimeShift;
}

}  // namespace

std::string to_string(NotificationId id) {
  return std::to_string(id.value);
}

std::optional<NotificationId> parse_notification_id(std::string_view text) {
  const auto value = parse_decimal<std::int64_t>(text);
  if (!value || *value <= 0) return std::nullopt;
  return NotificationId{*value};
}

EngineTime time_of(NotificationId id) {
  return {ticks_of(id.value) + kEpochMs};
}

IdSource::IdSource(unsigned node, NotificationId newest)
    : node_bits_(static_cast<std::int64_t>(node) << kSequenceBits), newest_(newest) {
  CHECK_THAT(node < (1U << kNodeBits), "node number over 1023");
}

NotificationId IdSource::next(EngineTime now) {
  const std::int64_t ticks = std::max<std::int64_t>(now.ms - kEpochMs, 0);
  const std::int64_t fresh = (ticks << kTimeShift) | node_bits_;
  if (fresh > newest_.value) {
    newest_ = {fresh};
  } else if ((newest_.value & kSequenceMask) < kSequenceMask) {
    ++newest_.value;
  } else {
    newest_ = {((ticks_of(newest_.value) + 1) << kTimeShift) | node_bits_};
  }
  return newest_;
}

}  // namespace ackd
