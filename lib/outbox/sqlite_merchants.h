// Merchants in the tables: what operators said about them, who is paused, and their keys in sealed form. Works inside
// the transaction that SqliteWriter opened.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outbox/merchant_record.h"
#include "outbox/operations.h"
#include "outbox/reads.h"
#include "outbox/slices.h"
#include "outbox/sqlite_database.h"
#include "outbox/sqlite_lanes.h"

namespace ackd {

// For the opening: everything on record about merchants.
MerchantsOpening read_merchants(SqliteDatabase& database);

// The own URLs of merchants that are not on record (the configuration's), so that lists by host find them too; in one
// transaction. What other merchants without a record had of such a URL is forgotten.
struct ConfiguredUrl {
  MerchantName merchant;
  std::string url;  // canonical, or empty
};
Status store_configured_urls(SqliteDatabase& database, const std::vector<ConfiguredUrl>& urls);

class SqliteMerchants {
 public:
  // Both must outlive it.
  SqliteMerchants(SqliteDatabase& database, SqliteLanes& lanes);

  void begin() { moved_.clear(); }
  OperationResult apply(const MerchantChange& change);
  OperationResult apply(const MerchantPauseChange& change);
  OperationResult apply(const SharedKeysChange& change);
  OperationResult apply(const KeyReseal& reseal);
  void import(const MerchantImport& import);
  std::vector<SealedKeyRow> read(const SealedKeysRead& request);
  // After all that was heard of a merchant before it moved.
  void finish();

 private:
  std::uint32_t stored_version(std::int64_t merchant);
  std::uint32_t put(std::int64_t merchant, const MerchantRecord& record, EngineTime at);
  void remove(std::int64_t merchant, const MerchantName& name);
  void set_origin(std::int64_t merchant, std::string_view origin);
  void put_keys(std::string_view provider, std::int64_t owner, const std::vector<SealedKey>& keys);

  SqliteLanes& lanes_;
  std::vector<std::int64_t> moved_;  // since begin(), to another host
  SqliteStatement version_, put_, remove_, set_origin_, pause_;
  SqliteStatement drop_keys_, put_key_, reseal_, under_others_;
};

}  // namespace ackd
