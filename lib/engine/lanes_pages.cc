// The rows that lanes hold: a bounded piece of the outbox's queue, read a little before it is due.
#include "base/planted_bug.h"
#include "engine/lanes.h"

namespace ackd {
namespace {

// Above the page budget a lane still gets this many rows at a time, so that lanes whose rows wait behind a slow
// merchant cannot keep others from starting.
constexpr std::size_t kRowsOverBudget = 4;

}  // namespace

bool Lanes::offer(Lane& lane, const DueNotification& row) {
  LanePage& page = lane.page(row.key.due_class);
  if (page.reading) return false;  // the read rides on the same batch and sees the row
  const bool has_room = page.size() < limits_.page_rows && page_bytes_ < limits_.page_bytes_max;
  if (page.beyond != EngineTime::max() || !has_room || lane.paused) {
    page.lower_beyond(row.key.next_at);
    return false;
  }
  keep(lane, row);
  return true;
}

void Lanes::keep(Lane& lane, DueNotification row) {
  page_bytes_ += row.bytes();
  buffered_in_.insert_or_assign(row.key.id, lane.id);
  LanePage& page = lane.page(row.key.due_class);
  page.push(std::move(row));
}

Lane* Lanes::holder_of(NotificationId id) {
  const auto found = buffered_in_.find(id);
  return found == buffered_in_.end() ? nullptr : find(found->second);
}

void Lanes::note_beyond(Lane& lane, DueClass due_class, EngineTime at) {
  lane.page(due_class).lower_beyond(at);
}

void Lanes::drop_pages(Lane& lane) {
  for (LanePage& page : lane.pages) {
    page.drop([&](const DueNotification& row) {
      if (!PLANTED(kForgetPageBytes)) page_bytes_ -= row.bytes();
      buffered_in_.erase(row.key.id);
      page.lower_beyond(row.key.next_at);
    });
  }
}

// A page read waits for the batch in flight and comes back with the commit of its own. Where nothing may start, rows at
// hand would only be in the way.
Duration Lanes::read_ahead(const Lane& lane) const {
  return is_held_back(lane.host) ? Duration(0) : limits_.read_ahead;
}

void Lanes::want_pages(Lane& lane, EngineTime now) {
  const EngineTime until = now + read_ahead(lane);
  for (const DueClass due_class : {DueClass::kFresh, DueClass::kRetry}) {
    LanePage& page = lane.page(due_class);
    if (page.reading || page.beyond > until || !has_room_for_page(page)) continue;
    starving_ = starving_ || (lane.buffered() == 0 && page.beyond <= now);
    if (page.wanted) continue;
    page.wanted = true;
    wanted_.emplace_back(lane.id, due_class);
  }
}

PageRequest Lanes::page_request(Lane& lane, DueClass due_class, EngineTime now) const {
  PageRequest request;
  request.lane = lane.id;
  request.due_class = due_class;
  request.due_by = now + read_ahead(lane);
  const bool over_budget = page_bytes_ >= limits_.page_bytes_max;
  request.rows_max = over_budget ? kRowsOverBudget : limits_.page_rows;
  if (lane.window.squeezed()) request.rows_max = 1;  // it sends one, and then closes or is squeezed no more
  request.bytes_max = over_budget ? 1 : limits_.page_bytes_max / 16;
  if (lane.away != nullptr && !PLANTED(kReadAwayRows)) request.excluded = *lane.away;
  for (LanePage& page : lane.pages) {
    page.for_each([&](const DueNotification& row) { request.excluded.push_back(row.key.id); });
  }
  return request;
}

std::vector<PageRequest> Lanes::take_page_requests(std::size_t pages_max, EngineTime now) {
  std::vector<PageRequest> requests;
  while (!wanted_.empty() && requests.size() < pages_max) {
    const auto [id, due_class] = wanted_.front();
    wanted_.pop_front();
    Lane* lane = find(id);
    if (lane == nullptr) continue;
    LanePage& page = lane->page(due_class);
    page.wanted = false;
    if (lane->opens_at > now || page.beyond > now + read_ahead(*lane) || lane->paused || is_held_back(lane->host)) {
      reconsider(*lane, now);
      continue;
    }
    requests.push_back(page_request(*lane, due_class, now));
    page.reading = true;
    page.beyond = EngineTime::max();  // what the read finds, and what is noted meanwhile, lowers it again
  }
  if (wanted_.empty()) starving_ = false;
  return requests;
}

void Lanes::page_failed(const PageRequest& request) {
  Lane* lane = find(request.lane);
  CHECK_THAT(lane != nullptr, "a lane was forgotten while its page was being read");
  LanePage& page = lane->page(request.due_class);
  page.reading = false;
  page.lower_beyond(request.due_by - limits_.read_ahead);  // a row may have been due when it was asked for
}

void Lanes::page_read(Page read, const std::function<bool(const DueNotification&)>& skip) {
  Lane* lane = find(read.lane);
  CHECK_THAT(lane != nullptr, "a lane was forgotten while its page was being read");
  LanePage& page = lane->page(read.due_class);
  page.reading = false;
  page.lower_beyond(read.beyond);
  for (DueNotification& row : read.rows) {
    if (!skip(row)) keep(*lane, std::move(row));
  }
}

}  // namespace ackd
