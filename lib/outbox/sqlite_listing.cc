#include "outbox/sqlite_listing.h"

#include <algorithm>
#include <chrono>
#include <functional>

namespace ackd {
namespace {

// An id's time is the admission's, or later by as much as a clock was stepped back at a restart. Searching `until` a
// day further up than asked misses nothing unless a clock was wrong by more than that.
constexpr Duration kIdAheadMax = std::chrono::hours(24);

// The smallest id of that instant; ids begin in 2024 and end in 2093.
NotificationId first_id_at(EngineTime at) {
  return IdSource(0, {}).next(std::clamp(at, EngineTime{0}, time_of({INT64_MAX})));
}

NotificationId upper_bound(const ListFilter& filter) {
  NotificationId below{filter.before.value > 0 ? filter.before.value : INT64_MAX};
  if (filter.until) below = std::min(below, first_id_at(*filter.until + kIdAheadMax));
  return below;
}

bool allows(const std::string& wanted, std::string_view found) {
  return wanted.empty() || wanted == found;
}

}  // namespace

// One call's way down.
struct SqliteListing::Walk {
  const ListFilter& filter;
  std::size_t limit;
  // Whether a row that the filter names is wanted; gets how many were looked at by then.
  std::function<bool(NotificationSummary&, std::size_t)> keep;
  NotificationId floor;  // nothing below it was admitted at or after `since`
  std::size_t kept = 0;
  std::size_t looked_at = 0;
  NotificationId last;
  std::optional<NotificationId> next_before;
};

SqliteListing::SqliteListing(SqliteDatabase& database)
    : standings_(database),
      by_id_(database, kById.sql),
      by_subject_(database, kBySubject.sql),
      by_key_(database,
              "SELECT k.id FROM admission_key k JOIN merchant m ON m.id=k.merchant"
              " WHERE m.provider=? AND m.name=? AND k.key=? AND k.id<?"),
      held_(database, kHeld.sql),
      exhausted_(database, kExhausted.sql),
      cancelled_(database, kCancelled.sql),
      queue_(database, "SELECT id FROM queue"),
      queue_of_merchant_(database, kQueueOfMerchant.sql),
      pending_count_(database, "SELECT value FROM counter WHERE name='pending'"),
      summary_(database,
               "SELECT m.provider, m.name, l.origin, n.type, n.subject, n.key, n.admitted_at, n.probe, m.origin,"
               " n.tags FROM notification n"
               " JOIN lane l ON l.id=n.lane JOIN merchant m ON m.id=l.merchant WHERE n.id=?") {}

ListPage SqliteListing::list(const ListFilter& filter) {
  ListPage page;
  const auto keep = [&](NotificationSummary& summary, std::size_t) {
    page.rows.push_back(std::move(summary));
    return true;
  };
  Walk walk{filter, std::clamp<std::size_t>(filter.limit, 1, kListLimitMax), keep, {}, 0, 0, {}, {}};
  go(walk);
  page.next_before = walk.next_before;
  return page;
}

Matches SqliteListing::matches(const MatchesQuery& query) {
  ListFilter filter = query.filter;
  // The only state that the verb can change, and one with an index of its own.
  if (query.verb == OperatorVerb::kRelease && !filter.state) filter.state = State::kHeld;
  Matches found;
  const auto keep = [&](const NotificationSummary& summary, std::size_t looked_at) {
    if (!may_steer(query.verb, summary.state)) return false;
    found.rows.push_back({summary.id, looked_at});
    return true;
  };
  Walk walk{filter, std::clamp<std::size_t>(filter.limit, 1, kListScanMax), keep, {}, 0, 0, {}, {}};
  go(walk);
  found.looked_at = walk.looked_at;
  found.next_before = walk.next_before;
  return found;
}

void SqliteListing::go(Walk& walk) {
  if (walk.filter.since) walk.floor = first_id_at(*walk.filter.since);
  const NotificationId below = upper_bound(walk.filter);
  if (const auto ids = short_queue(walk.filter, below)) {
    for (const NotificationId id : *ids) {
      if (!look_at(id, walk)) return;
    }
    return;
  }
  for (SqliteRow row = candidates(walk.filter, below); row && look_at(row.id(0), walk); row.next()) {
  }
}

SqliteRow SqliteListing::candidates(const ListFilter& filter, NotificationId below) {
  if (!filter.key.empty() && !filter.provider.empty() && !filter.merchant.empty()) {
    return by_key_.find(filter.provider, filter.merchant, filter.key, below);
  }
  if (!filter.subject.empty()) return by_subject_.find(filter.subject, below);
  if (filter.state == State::kHeld) return held_.find(below);
  if (filter.state == State::kExhausted) return exhausted_.find(below);
  if (filter.state == State::kCancelled) return cancelled_.find(below);
  return by_id_.find(below);
}

std::optional<std::vector<NotificationId>> SqliteListing::short_queue(const ListFilter& filter, NotificationId below) {
  if (filter.state != State::kPending || !filter.subject.empty() || !filter.key.empty()) return std::nullopt;
  const bool of_merchant = !filter.provider.empty() && !filter.merchant.empty();
  if (!of_merchant) {
    const SqliteRow row = pending_count_.find();
    if (!row || row.integer(0) > static_cast<std::int64_t>(kListScanMax)) return std::nullopt;
  }
  std::vector<NotificationId> ids;
  std::size_t looked_at = 0;
  for (SqliteRow row = of_merchant ? queue_of_merchant_.find(filter.provider, filter.merchant) : queue_.find(); row;
       row.next()) {
    if (++looked_at > kListScanMax) return std::nullopt;
    if (row.id(0) < below) ids.push_back(row.id(0));
  }
  std::ranges::sort(ids, std::greater());
  return ids;
}

bool SqliteListing::look_at(NotificationId id, Walk& walk) {
  if (id < walk.floor) return false;
  if (walk.kept >= walk.limit || walk.looked_at >= kListScanMax) {
    walk.next_before = walk.last;
    return false;
  }
  ++walk.looked_at;
  walk.last = id;
  NotificationSummary summary;
  if (read_summary(id, walk.filter, summary) && walk.keep(summary, walk.looked_at)) ++walk.kept;
  return true;
}

bool SqliteListing::read_summary(NotificationId id, const ListFilter& filter, NotificationSummary& summary) {
  {
    const SqliteRow row = summary_.find(id);
    if (!row || !allows(filter.provider, row.bytes(0)) || !allows(filter.merchant, row.bytes(1)) ||
        !allows(filter.type, row.bytes(3)) || !allows(filter.subject, row.bytes(4)) ||
        !allows(filter.key, row.bytes(5)) || !has_tags(row.bytes(9), filter.tags)) {
      return false;
    }
    // A lane without an origin of its own goes to its merchant's URL.
    const std::string_view origin = row.bytes(2).empty() ? row.bytes(8) : row.bytes(2);
    if (!filter.host.empty() && !names_host(filter.host, origin)) return false;
    const EngineTime admitted = row.time(6);
    if ((filter.since && admitted < *filter.since) || (filter.until && admitted > *filter.until)) return false;
    summary = {id,
               {row.text(0), row.text(1), row.text(2)},
               row.text(3),
               row.text(4),
               {},
               0,
               admitted,
               {},
               {},
               {},
               row.integer(7) != 0};
  }
  const auto standing = standings_.find(id);
  if (!standing || (filter.state && standing->state != *filter.state)) return false;
  summary.state = standing->state;
  summary.attempts = standing->progress.attempts;
  summary.reason = standing->reason;
  if (summary.state == State::kPending) summary.next_at = standing->state_at;
  if (is_final(summary.state)) summary.finished_at = standing->state_at;
  return true;
}

}  // namespace ackd
