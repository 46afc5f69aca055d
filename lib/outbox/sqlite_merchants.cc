#include "outbox/sqlite_merchants.h"

#include <optional>
#include <unordered_map>

#include "model/content.h"
#include "text/url.h"

namespace ackd {
namespace {

std::string origin_of(const std::string& url) {
  const Result<Url> parsed = parse_url(url);
  return parsed ? parsed->origin() : std::string();
}

std::string encode_hosts(const std::vector<std::string>& hosts) {
  Fields fields;
  for (const std::string& host : hosts) fields.push_back({host, {}});
  return encode(Content{std::move(fields), {}});
}

std::string encode_options(const std::map<std::string, std::string>& options) {
  Fields fields;
  for (const auto& [name, value] : options) fields.push_back({name, value});
  return encode(Content{std::move(fields), {}});
}

Fields decode_fields(SqliteDatabase& database, std::string_view bytes) {
  std::optional<Content> content = decode_content(bytes);
  if (!content) database.note_contradiction("a merchant's hosts or options that cannot be read");
  return content ? std::move(content->fields) : Fields{};
}

MerchantRecord record_of(SqliteDatabase& database, const SqliteRow& row) {
  MerchantRecord record;
  record.name = {row.text(1), row.text(2)};
  record.version = row.number(3);
  record.changed_at = row.time(4);
  record.url = row.text(5);
  record.contact = row.text(6);
  for (Field& host : decode_fields(database, row.bytes(7))) record.hosts.push_back(std::move(host.name));
  for (Field& option : decode_fields(database, row.bytes(8))) {
    record.options.emplace(std::move(option.name), std::move(option.value));
  }
  return record;
}

void read_records(SqliteDatabase& database, MerchantsOpening& opening,
                  std::unordered_map<std::int64_t, std::size_t>& places) {
  SqliteStatement records(database,
                          "SELECT m.id, m.provider, m.name, r.version, r.changed_at, r.url, r.contact, r.hosts,"
                          " r.options FROM merchant_record r JOIN merchant m ON m.id=r.merchant ORDER BY m.id");
  for (SqliteRow row = records.find(); row; row.next()) {
    places.emplace(row.integer(0), opening.merchants.size());
    opening.merchants.push_back(record_of(database, row));
  }
}

void read_keys(SqliteDatabase& database, MerchantsOpening& opening,
               const std::unordered_map<std::int64_t, std::size_t>& places) {
  SqliteStatement keys(database,
                       "SELECT provider, owner, id, master, sealed FROM sealed_key ORDER BY provider, owner, rank");
  for (SqliteRow row = keys.find(); row; row.next()) {
    SealedKey key{row.text(2), row.text(3), row.text(4)};
    if (row.integer(1) == 0) {
      if (opening.shared.empty() || opening.shared.back().provider != row.bytes(0)) {
        opening.shared.push_back({row.text(0), {}});
      }
      opening.shared.back().keys.push_back(std::move(key));
      continue;
    }
    const auto owner = places.find(row.integer(1));
    if (owner == places.end()) {
      database.note_contradiction("a sealed key without its merchant");
      return;
    }
    opening.merchants[owner->second].keys.push_back(std::move(key));
  }
}

// Changes only the rows that are not as they should be: with a hundred thousand merchants that is hardly any.
void set_origins(SqliteDatabase& database, const std::vector<ConfiguredUrl>& urls) {
  SqliteLanes lanes(database);
  std::unordered_map<std::int64_t, std::string> wanted;
  for (const ConfiguredUrl& url : urls) wanted[lanes.find_or_make_merchant(url.merchant)] = origin_of(url.url);
  std::vector<std::int64_t> forgotten;
  {
    SqliteStatement stored(database,
                           "SELECT m.id, m.origin FROM merchant m LEFT JOIN merchant_record r ON r.merchant=m.id"
                           " WHERE r.merchant IS NULL AND m.origin<>''");
    for (SqliteRow row = stored.find(); row; row.next()) {
      const auto found = wanted.find(row.integer(0));
      if (found == wanted.end()) forgotten.push_back(row.integer(0));
      if (found != wanted.end() && found->second == row.bytes(1)) wanted.erase(found);
    }
  }
  SqliteStatement set(database, "UPDATE merchant SET origin=? WHERE id=? AND origin<>?");
  const auto move = [&](std::int64_t merchant, const std::string& origin) {
    if (set.run(origin, merchant, origin) > 0) lanes.forget_standing(merchant);
  };
  for (const std::int64_t id : forgotten) move(id, "");
  for (const auto& [id, origin] : wanted) move(id, origin);
}

}  // namespace

MerchantsOpening read_merchants(SqliteDatabase& database) {
  MerchantsOpening opening;
  std::unordered_map<std::int64_t, std::size_t> places;
  read_records(database, opening, places);
  read_keys(database, opening, places);
  SqliteStatement paused(database, "SELECT provider, name, pause_reason, pause_until FROM merchant WHERE paused<>0");
  for (SqliteRow row = paused.find(); row; row.next()) {
    MerchantPause pause{{row.text(0), row.text(1)}, row.text(2)};
    if (!row.is_null(3)) pause.until = row.time(3);
    opening.paused.push_back(std::move(pause));
  }
  return opening;
}

Status store_configured_urls(SqliteDatabase& database, const std::vector<ConfiguredUrl>& urls) {
  if (const Status begun = database.run("BEGIN IMMEDIATE"); !begun) return begun;
  set_origins(database, urls);
  const Status set = database.status();
  if (set) return database.run("COMMIT");
  sqlite3_exec(database.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  return set;
}

SqliteMerchants::SqliteMerchants(SqliteDatabase& database, SqliteLanes& lanes)
    : lanes_(lanes),
      version_(database, "SELECT version FROM merchant_record WHERE merchant=?"),
      put_(database,
           "INSERT INTO merchant_record(merchant, version, changed_at, url, contact, hosts, options)"
           " VALUES(?,1,?,?,?,?,?) ON CONFLICT(merchant) DO UPDATE SET version=version+1,"
           " changed_at=excluded.changed_at, url=excluded.url, contact=excluded.contact, hosts=excluded.hosts,"
           " options=excluded.options RETURNING version"),
      remove_(database, "DELETE FROM merchant_record WHERE merchant=?"),
      set_origin_(database, "UPDATE merchant SET origin=? WHERE id=? AND origin<>?"),
      pause_(database,
             "UPDATE merchant SET paused=?2, pause_reason=?3, pause_until=?4 WHERE id=?1"
             " AND (paused<>?2 OR pause_reason<>?3 OR pause_until IS NOT ?4)"),
      drop_keys_(database, "DELETE FROM sealed_key WHERE provider=? AND owner=?"),
      put_key_(database, "INSERT INTO sealed_key(provider, owner, rank, id, master, sealed) VALUES(?,?,?,?,?,?)"),
      reseal_(database, "UPDATE sealed_key SET master=?, sealed=? WHERE provider=? AND owner=? AND id=? AND sealed=?"),
      // Two ranges of the index, because SQLite walks all of it for one "<>".
      under_others_(database,
                    "SELECT k.provider, k.owner, m.name, k.id, k.master, k.sealed FROM"
                    " (SELECT * FROM (SELECT provider, owner, rank, id, master, sealed FROM sealed_key"
                    "   WHERE master<?1 LIMIT ?2)"
                    "  UNION ALL SELECT * FROM (SELECT provider, owner, rank, id, master, sealed FROM sealed_key"
                    "   WHERE master>?1 LIMIT ?2)) k LEFT JOIN merchant m ON m.id=k.owner LIMIT ?2") {}

std::uint32_t SqliteMerchants::stored_version(std::int64_t merchant) {
  const SqliteRow row = version_.find(merchant);
  return row ? row.number(0) : 0;
}

OperationResult SqliteMerchants::apply(const MerchantChange& change) {
  OperationResult result;
  const std::int64_t known = lanes_.find_merchant(change.merchant);
  result.version = known == 0 ? 0 : stored_version(known);
  if (change.expected_version && *change.expected_version != result.version) {
    result.applied = Applied::kStale;
  } else if (change.record) {
    const std::int64_t merchant = known == 0 ? lanes_.find_or_make_merchant(change.merchant) : known;
    result.version = put(merchant, *change.record, change.at);
  } else if (result.version == 0) {
    result.applied = Applied::kNotFound;
  } else {
    remove(known, change.merchant);
    result.version = 0;
  }
  return result;
}

std::uint32_t SqliteMerchants::put(std::int64_t merchant, const MerchantRecord& record, EngineTime at) {
  std::uint32_t version = 0;
  {
    const std::string hosts = encode_hosts(record.hosts);
    const std::string options = encode_options(record.options);
    const SqliteRow row = put_.find(merchant, at, record.url, record.contact, SqliteBlob{hosts}, SqliteBlob{options});
    if (row) version = row.number(0);
  }
  set_origin(merchant, origin_of(record.url));
  if (version > 1) drop_keys_.run(record.name.provider, merchant);
  put_keys(record.name.provider, merchant, record.keys);
  return version;
}

void SqliteMerchants::remove(std::int64_t merchant, const MerchantName& name) {
  remove_.run(merchant);
  drop_keys_.run(name.provider, merchant);
  set_origin(merchant, "");
  pause_.run(merchant, 0, "", std::optional<EngineTime>());
}

void SqliteMerchants::set_origin(std::int64_t merchant, std::string_view origin) {
  if (set_origin_.run(origin, merchant, origin) > 0) moved_.push_back(merchant);
}

void SqliteMerchants::finish() {
  for (const std::int64_t merchant : moved_) lanes_.forget_standing(merchant);
}

void SqliteMerchants::put_keys(std::string_view provider, std::int64_t owner, const std::vector<SealedKey>& keys) {
  std::int64_t rank = 0;
  for (const SealedKey& key : keys) put_key_.run(provider, owner, rank++, key.id, key.master, SqliteBlob{key.sealed});
}

OperationResult SqliteMerchants::apply(const MerchantPauseChange& change) {
  const std::int64_t merchant = lanes_.find_or_make_merchant(change.pause.merchant);
  const std::string reason = change.paused ? change.pause.reason : std::string();
  pause_.run(merchant, change.paused, reason, change.paused ? change.pause.until : std::nullopt);
  return {};
}

OperationResult SqliteMerchants::apply(const SharedKeysChange& change) {
  drop_keys_.run(change.shared.provider, 0);
  put_keys(change.shared.provider, 0, change.shared.keys);
  return {};
}

OperationResult SqliteMerchants::apply(const KeyReseal& reseal) {
  const SealedKeyRow& to = reseal.to;
  const std::int64_t owner = to.merchant ? lanes_.find_merchant({to.provider, *to.merchant}) : 0;
  const std::int64_t changed =
      reseal_.run(to.key.master, SqliteBlob{to.key.sealed}, to.provider, owner, to.key.id, SqliteBlob{reseal.from});
  OperationResult result;
  if (changed == 0 || (to.merchant && owner == 0)) result.applied = Applied::kStale;
  return result;
}

void SqliteMerchants::import(const MerchantImport& import) {
  for (const MerchantRecord& record : import.merchants) {
    put(lanes_.find_or_make_merchant(record.name), record, import.at);
  }
}

std::vector<SealedKeyRow> SqliteMerchants::read(const SealedKeysRead& request) {
  std::vector<SealedKeyRow> rows;
  for (SqliteRow row = under_others_.find(request.current, request.rows_max); row; row.next()) {
    SealedKeyRow found{row.text(0), std::nullopt, {row.text(3), row.text(4), row.text(5)}};
    if (row.integer(1) != 0) found.merchant = row.text(2);
    rows.push_back(std::move(found));
  }
  return rows;
}

}  // namespace ackd
