#include "outbox/sqlite_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "outbox/payload_seal.h"

namespace ackd {

SqlitePages::SqlitePages(SqliteDatabase& database, SqliteLanes& lanes)
    : database_(database),
      lanes_(lanes),
      standings_(database),
      head_(database,
            "SELECT next_at, id, version, attempts, steps, noted FROM queue WHERE lane=? AND class=?"
            " ORDER BY next_at, id"),
      first_due_(database, "SELECT next_at FROM queue WHERE lane=? AND class=? ORDER BY next_at, id LIMIT 1"),
      next_lane_(database, "SELECT lane FROM queue WHERE lane>? ORDER BY lane LIMIT 1"),
      payload_(database,
               "SELECT not_before, revision, subject, url, content, probe, seal, content_hash FROM notification"
               " WHERE id=?"),
      cancel_asked_(database, "SELECT cancel_asked FROM standing WHERE id=?") {}

Page SqlitePages::read_page(const PageRequest& request) {
  Page page{request.lane, request.due_class, {}, EngineTime::max()};
  std::vector<NotificationId> excluded = request.excluded;
  std::ranges::sort(excluded);
  std::size_t bytes_left = request.bytes_max;
  for (SqliteRow row = head_.find(request.lane, request.due_class); row; row.next()) {
    const QueueKey key{request.lane, request.due_class, row.time(0), row.id(1)};
    if (std::ranges::binary_search(excluded, key.id)) continue;
    page.beyond = key.next_at;
    if (key.next_at > request.due_by || page.rows.size() >= request.rows_max) return page;
    auto due = due_notification(key, {row.number(2), row.number(3), row.number(4)}, row.integer(5) != 0);
    if (due.content.size() > bytes_left && !page.rows.empty()) return page;
    bytes_left -= std::min(bytes_left, due.content.size());
    page.rows.push_back(std::move(due));
  }
  page.beyond = EngineTime::max();
  return page;
}

DueNotification SqlitePages::due_notification(const QueueKey& key, const Progress& progress, bool noted) {
  DueNotification due;
  due.key = key;
  due.progress = progress;
  if (const SqliteRow row = payload_.find(key.id)) {
    due.not_before = row.time(0);
    due.revision = {row.integer(1)};
    due.subject = row.text(2);
    due.url = row.text(3);
    due.content = row.text(4);
    due.probe = row.integer(5) != 0;
    check_seal(due, row.integer(6));
    due.content_hash = row.hash(7);
  } else {
    database_.note_contradiction("a queue row without its notification");
  }
  if (noted) {
    const SqliteRow row = cancel_asked_.find(key.id);
    due.cancel_asked = row && row.integer(0) != 0;
  }
  return due;
}

void SqlitePages::check_seal(const DueNotification& due, std::int64_t seal) {
  if (matches_seal({due.key.lane, due.revision, due.subject, due.url, due.content}, seal)) return;
  database_.note_contradiction(
      fmt::format("notification {} is not as it was accepted, so its bytes on the disk have changed; it is not sent. "
                  "Keep a copy of the files, look at the disk, and restore a backup",
                  due.key.id.value));
}

EngineTime SqlitePages::first_due(LaneId lane, DueClass due_class) {
  const SqliteRow row = first_due_.find(lane, due_class);
  return row ? row.time(0) : EngineTime::max();
}

std::optional<LaneHead> SqlitePages::head_of(LaneId lane) {
  const std::array earliest{first_due(lane, DueClass::kFresh), first_due(lane, DueClass::kRetry)};
  if (std::ranges::min(earliest) == EngineTime::max()) return std::nullopt;
  NamedLane named = lanes_.named(lane);
  return LaneHead{lane, std::move(named.key), earliest, named.standing};
}

std::vector<LaneHead> SqlitePages::scan_lanes(const LaneScan& scan, bool& complete) {
  std::vector<LaneHead> heads;
  LaneId at = scan.after;
  complete = false;
  while (true) {
    {
      const SqliteRow row = next_lane_.find(at);
      complete = !row;
      if (row) at = {row.integer(0)};
    }
    if (complete || heads.size() >= scan.lanes_max) return heads;
    if (auto head = head_of(at)) heads.push_back(std::move(*head));
  }
}

std::vector<StoredRow> SqlitePages::read_rows(const RowRequest& request) {
  std::vector<StoredRow> rows;
  for (const NotificationId id : request.ids) {
    const auto standing = standings_.find(id);
    if (!standing || standing->state != State::kPending) continue;
    NamedLane lane = lanes_.named(standing->lane);
    rows.push_back({due_notification(standing->queue_key(id), standing->progress, standing->noted), std::move(lane.key),
                    standing->lonely_crashes, lane.standing});
  }
  return rows;
}

}  // namespace ackd
