#include "sim/fairness_witness.h"

#include <algorithm>

namespace ackd::sim {
namespace {

constexpr Duration kLookEvery = std::chrono::seconds(5);
// Stalls of the disk, pages that are read again, and back-offs are within it.
constexpr Duration kGrace = std::chrono::seconds(100);

// What keeps everybody from being sent is nobody's preference.
bool sends_as_ever(const EngineStats& stats) {
  return !stats.recovering && !stats.discovering && !stats.clock_held && !stats.draining && !stats.storage_trouble &&
         stats.disk != DiskBand::kCritical && stats.sending == SendingState::kOn && stats.suspects == 0;
}

}  // namespace

bool FairnessWitness::has_due_row(LaneId lane, EngineTime now, const IsAway& is_away) const {
  for (const DueClass due_class : {DueClass::kFresh, DueClass::kRetry}) {
    auto key = record_.queue.lower_bound({lane, due_class, EngineTime::min(), NotificationId{}});
    for (; key != record_.queue.end() && key->lane == lane && key->due_class == due_class; ++key) {
      if (key->next_at > now) break;
      if (!is_away(key->id)) return true;
    }
  }
  return false;
}

// A turn of each lane, twice over: what one asked for in advance is corrected when it ends.
Duration FairnessWitness::patience(std::size_t lanes) const {
  return kGrace + 2 * static_cast<std::int64_t>(1 + lanes / options_.transfers_max) * longest_;
}

void FairnessWitness::on_turn(const EngineStats& stats, const IsAway& is_away, const HasRoom& has_room, BootTime now) {
  if (!sends_as_ever(stats)) return forget();
  if (now - looked_at_ < kLookEvery) return;
  looked_at_ = now;
  std::map<LaneId, Since> waiting;
  std::size_t competing = 0;  // also those whose window or whose host is full at the moment
  for (std::size_t i = 0; i < record_.lanes.size(); ++i) {
    const LaneId lane{static_cast<std::int64_t>(i + 1)};
    if (!has_due_row(lane, stats.now, is_away)) continue;
    ++competing;
    if (!has_room(lane, record_.lanes[i])) continue;
    const auto before = waiting_.find(lane);
    waits_ += before != waiting_.end();
    waiting.emplace(lane, before == waiting_.end() ? Since{now, stats.now} : before->second);
  }
  for (auto& [lane, since] : waiting) {
    since.competing = std::max(since.competing, competing);
    const Duration waits = std::min(now - since.boot, stats.now - since.engine);
    if (waits <= patience(since.competing)) continue;
    fail_("passed over for " + std::to_string(waits.count() / 1'000) +
          " s while others were sent to: " + record_.lanes.at(static_cast<std::size_t>(lane.value - 1)).merchant);
  }
  waiting_ = std::move(waiting);
}

}  // namespace ackd::sim
