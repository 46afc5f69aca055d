// Lanes and merchants as stored rows: the numbers that queue and key rows carry instead of names.
#pragma once

#include <string>
#include <unordered_map>

#include "model/activation.h"
#include "model/notification.h"
#include "outbox/sqlite_database.h"

namespace ackd {

struct StoredLane {
  LaneId lane;
  std::int64_t merchant = 0;
};

struct NamedLane {
  LaneKey key;
  LaneStanding standing = LaneStanding::kUnknown;
};

class SqliteLanes {
 public:
  explicit SqliteLanes(SqliteDatabase& database);

  // The lane's numbers; makes its rows when this is its first notification.
  StoredLane find_or_make(const LaneKey& key);
  NamedLane named(LaneId lane);
  void set_standing(LaneId lane, LaneStanding standing) { set_standing_.run(standing, lane); }
  // Nothing is known any more of the lane that goes to the merchant's own URL.
  void forget_standing(std::int64_t merchant) { forget_standing_.run(merchant); }
  // 0 when it never had a notification or a record.
  std::int64_t find_merchant(const MerchantName& merchant);
  std::int64_t find_or_make_merchant(const MerchantName& merchant);
  // After a rollback: rows made in that transaction are gone.
  void forget() { known_.clear(); }

 private:
  StoredLane lane_row(const LaneKey& key);

  SqliteDatabase& database_;
  SqliteStatement find_merchant_, make_merchant_, find_lane_, make_lane_, named_;
  SqliteStatement set_standing_, forget_standing_;
  // A cache, emptied when it holds kKnownMax names, so that memory does not follow the number of merchants.
  static constexpr std::size_t kKnownMax = 16'384;
  std::unordered_map<std::string, StoredLane> known_;
  std::string name_;  // scratch, so that a hit allocates nothing
};

}  // namespace ackd
