#include "engine/lane.h"

#include <utility>

#include "base/planted_bug.h"

namespace ackd {
namespace {

// Of four starts of a lane with both kinds due, three are fresh: a storm of retries cannot starve new payments, and new
// payments cannot starve retries.
constexpr std::uint8_t kTurnLength = 4;
// The moving average follows a change within about eight transfers.
constexpr std::int64_t kTypicalWeight = 8;

}  // namespace

void LanePage::push(DueNotification row) {
  if (empty()) rows_ = std::make_unique<Rows>();
  std::vector<DueNotification>& all = rows_->all;
  const auto first = all.begin() + static_cast<std::ptrdiff_t>(rows_->next);
  const auto behind = std::upper_bound(first, all.end(), row, [](const DueNotification& a, const DueNotification& b) {
    return a.key.next_at < b.key.next_at;
  });
  all.insert(behind, std::move(row));
}

EngineTime LanePage::first_due() const {
  if (empty()) return EngineTime::max();
  return PLANTED(kStartEarly) ? EngineTime::min() : rows_->all[rows_->next].key.next_at;
}

DueNotification LanePage::pop() {
  CHECK_THAT(!empty(), "pop of an empty page");
  DueNotification row = std::move(rows_->all[rows_->next++]);
  if (rows_->next == rows_->all.size()) rows_.reset();
  return row;
}

bool Lane::idle() const {
  if (in_flight > 0 || away != nullptr || buffered() > 0) return false;
  return std::all_of(pages.begin(), pages.end(), [](const LanePage& page) {
    return !page.reading && !page.wanted && page.beyond == EngineTime::max();
  });
}

bool Lane::is_due(EngineTime now) const {
  return first_due() <= now || std::any_of(pages.begin(), pages.end(),
                                           [&](const LanePage& page) { return !page.reading && page.beyond <= now; });
}

bool Lane::awaits_page() const {
  return std::any_of(pages.begin(), pages.end(), [](const LanePage& page) { return page.wanted || page.reading; });
}

DueClass Lane::choose_class(EngineTime now) {
  const bool retry_turn = turn % kTurnLength == kTurnLength - 1;
  ++turn;
  const DueClass wish = retry_turn ? DueClass::kRetry : DueClass::kFresh;
  const DueClass other = retry_turn ? DueClass::kFresh : DueClass::kRetry;
  return page(wish).first_due() <= now ? wish : other;
}

void Lane::charge(Duration took) {
  const std::int64_t took_ms = std::max<std::int64_t>(took.count(), 1);
  served_ms += took_ms - typical_ms;
  typical_ms += (took_ms - typical_ms) / kTypicalWeight;
}

void Lane::hear(LaneStanding standing) {
  untold = untold || heard != standing;
  heard = standing;
}

std::optional<LaneStanding> Lane::take_news() {
  if (!untold) return std::nullopt;
  untold = false;
  return heard;
}

void Lane::put_away(NotificationId row) {
  if (away == nullptr) away = std::make_unique<std::vector<NotificationId>>();
  away->push_back(row);
}

void Lane::bring_back(NotificationId row) {
  CHECK_THAT(away != nullptr, "a row came back to a lane that has none away");
  const auto found = std::find(away->begin(), away->end(), row);
  CHECK_THAT(found != away->end(), "a row came back that was not away");
  *found = away->back();
  away->pop_back();
  if (away->empty()) away.reset();
}

}  // namespace ackd
