// What each operation of a batch does to the tables, inside the transaction that SqliteWriter opened. Every change of a
// notification's state in the outbox happens here, guarded by its version and by the table of legal changes.
#pragma once

#include <cstdint>
#include <vector>

#include "outbox/outbox.h"
#include "outbox/sqlite_activation.h"
#include "outbox/sqlite_counters.h"
#include "outbox/sqlite_database.h"
#include "outbox/sqlite_lanes.h"
#include "outbox/sqlite_merchants.h"
#include "outbox/sqlite_standing.h"

namespace ackd {

class SqliteOperations {
 public:
  // `run` numbers this start of the daemon; attempts carry it.
  SqliteOperations(SqliteDatabase& database, SqliteLanes& lanes, std::int64_t run);

  void begin();
  OperationResult apply(const Operation& operation);
  OperationResult admit(const Admission& admission);
  // Whether nothing is left that awaits the merchant.
  bool release(const ReleaseSlice& slice);
  void import(const MerchantImport& import);
  std::vector<SealedKeyRow> read(const SealedKeysRead& request) { return merchants_.read(request); }
  // Something else of this instant is written in the same transaction.
  void recorded_at(EngineTime at) { counters_.recorded_at(at); }
  // What is written once for a batch. Trouble of any step is kept by the database; the results mean nothing then.
  void finish();

  // Lanes in which work was made due since begin(), each once, in order.
  std::vector<LaneId> woken() const;

 private:
  OperationResult beside_probe(const Notification& notification, std::int64_t merchant, NotificationId open);
  OperationResult already_admitted(std::int64_t merchant, const Notification& notification);
  OperationResult settle(const Settlement& settlement);
  OperationResult settle_as(const Settlement& settlement, const Standing& from);
  void settle_probe(const Settlement& settlement, const Standing& to);
  OperationResult change(const OperatorChange& change);
  OperationResult cancel(const OperatorChange& change, Standing standing);
  OperationResult retry(const OperatorChange& change, const Standing& standing);
  OperationResult open_probe(NotificationId probe);
  OperationResult replay(const OperatorChange& change, const Standing& original);
  OperationResult move(NotificationId id, const Standing& from, Standing to);

  void append_attempt(const Settlement& settlement, const Standing& after);
  Hash previous_link(const Settlement& settlement);
  // Puts the notification where `to` says: a queue row, a done row or neither; and its note, when one is needed.
  void place(NotificationId id, const Standing& to, bool had_note);
  void wake(LaneId lane) { woken_.push_back(lane); }

  SqliteDatabase& database_;
  SqliteLanes& lanes_;
  std::int64_t run_;
  StandingReader standings_;
  CounterChanges counters_;
  SqliteActivation activation_;
  SqliteMerchants merchants_;
  std::vector<LaneId> woken_;

  SqliteStatement claim_key_, owner_of_key_, add_notification_;
  SqliteStatement copy_notification_, claim_key_of_copy_;
  SqliteStatement enqueue_, dequeue_plain_, dequeue_;
  SqliteStatement add_attempt_, content_hash_, link_;
  SqliteStatement note_, drop_note_, add_done_;
};

}  // namespace ackd
