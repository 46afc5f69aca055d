// Lists, newest first. A list walks candidate ids downwards from a source that is as narrow as the filter allows, looks
// at no more than kListScanMax of them, and hands out a cursor where it stopped.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "outbox/queries.h"
#include "outbox/sqlite_database.h"
#include "outbox/sqlite_standing.h"

namespace ackd {

class SqliteListing {
 public:
  explicit SqliteListing(SqliteDatabase& database);

  // Both mean nothing after trouble, which the database keeps.
  ListPage list(const ListFilter& filter);
  Matches matches(const MatchesQuery& query);

  // A source of candidates and the index that it must walk; without it a list would sort or scan the whole record.
  struct Source {
    const char* sql;
    const char* index;
  };
  static constexpr Source kById{"SELECT id FROM notification WHERE id<? ORDER BY id DESC", "INTEGER PRIMARY KEY"};
  static constexpr Source kBySubject{
      "SELECT id FROM notification WHERE subject=? AND subject<>'' AND id<? ORDER BY id DESC", "notification_subject"};
  static constexpr Source kHeld{"SELECT id FROM standing WHERE state=1 AND id<? ORDER BY id DESC", "standing_held"};
  static constexpr Source kExhausted{"SELECT id FROM done WHERE state=3 AND state<>2 AND id<? ORDER BY id DESC",
                                     "done_unacknowledged"};
  static constexpr Source kCancelled{"SELECT id FROM done WHERE state=4 AND state<>2 AND id<? ORDER BY id DESC",
                                     "done_unacknowledged"};
  static constexpr Source kQueueOfMerchant{
      "SELECT q.id FROM merchant m JOIN lane l ON l.merchant=m.id JOIN queue q ON q.lane=l.id"
      " WHERE m.provider=? AND m.name=?",
      "sqlite_autoindex_merchant_1"};

 private:
  struct Walk;
  void go(Walk& walk);
  // Ids below `below` of the narrowest source, in falling order.
  SqliteRow candidates(const ListFilter& filter, NotificationId below);
  // The pending ids that can match, when they are few enough to sort. The queue is ordered by lane and due time, so a
  // short one behind millions of finished rows would otherwise be looked for one by one.
  std::optional<std::vector<NotificationId>> short_queue(const ListFilter& filter, NotificationId below);
  // False when the walk must stop before this candidate.
  bool look_at(NotificationId id, Walk& walk);
  bool read_summary(NotificationId id, const ListFilter& filter, NotificationSummary& summary);

  StandingReader standings_;
  SqliteStatement by_id_, by_subject_, by_key_, held_, exhausted_, cancelled_;
  SqliteStatement queue_, queue_of_merchant_, pending_count_, summary_;
};

}  // namespace ackd
