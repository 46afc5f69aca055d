#include "outbox/sqlite_lanes.h"

#include "outbox/sqlite_schema.h"

namespace ackd {

SqliteLanes::SqliteLanes(SqliteDatabase& database)
    : database_(database),
      find_merchant_(database, "SELECT id FROM merchant WHERE provider=? AND name=?"),
      make_merchant_(database, "INSERT INTO merchant(provider, name) VALUES(?, ?)"),
      find_lane_(database, "SELECT id FROM lane WHERE merchant=? AND origin=?"),
      make_lane_(database, "INSERT INTO lane(merchant, origin, slot) VALUES(?, ?, ?)"),
      named_(database,
             "SELECT m.provider, m.name, l.origin, l.standing FROM lane l JOIN merchant m ON m.id=l.merchant"
             " WHERE l.id=?"),
      set_standing_(database, "UPDATE lane SET standing=? WHERE id=?"),
      forget_standing_(database, "UPDATE lane SET standing=0 WHERE merchant=? AND origin='' AND standing<>0") {}

StoredLane SqliteLanes::find_or_make(const LaneKey& key) {
  name_.assign(key.provider).append(1, '\0').append(key.merchant).append(1, '\0').append(key.origin);
  const auto found = known_.find(name_);
  if (found != known_.end()) return found->second;
  if (known_.size() >= kKnownMax) known_.clear();
  return known_.emplace(name_, lane_row(key)).first->second;
}

std::int64_t SqliteLanes::find_or_make_merchant(const MerchantName& merchant) {
  if (const std::int64_t known = find_merchant(merchant)) return known;
  make_merchant_.run(merchant.provider, merchant.id);
  return sqlite3_last_insert_rowid(database_.handle());
}

StoredLane SqliteLanes::lane_row(const LaneKey& key) {
  const std::int64_t merchant = find_or_make_merchant({key.provider, key.merchant});
  if (const SqliteRow row = find_lane_.find(merchant, key.origin)) return {{row.integer(0)}, merchant};
  make_lane_.run(merchant, key.origin, slot_of(key));
  return {{sqlite3_last_insert_rowid(database_.handle())}, merchant};
}

std::int64_t SqliteLanes::find_merchant(const MerchantName& merchant) {
  const SqliteRow row = find_merchant_.find(merchant.provider, merchant.id);
  return row ? row.integer(0) : 0;
}

NamedLane SqliteLanes::named(LaneId lane) {
  const SqliteRow row = named_.find(lane);
  if (!row) {
    database_.note_contradiction("a lane number without a lane");
    return {};
  }
  return {{row.text(0), row.text(1), row.text(2)}, row.choice(3, LaneStanding::kSqueezed)};
}

}  // namespace ackd
