#include "outbox/sqlite_activation.h"

namespace ackd {

ActivationRecord read_activation_record(SqliteDatabase& database) {
  ActivationRecord record;
  SqliteStatement activations(database,
                              "SELECT m.provider, m.name, a.url, a.at FROM activation a JOIN merchant m"
                              " ON m.id=a.merchant");
  for (SqliteRow row = activations.find(); row; row.next()) {
    record.activations.push_back({{row.text(0), row.text(1)}, row.text(2), row.time(3)});
  }
  // DISTINCT would walk every row of the index.
  SqliteStatement next(database,
                       "SELECT awaits, (SELECT provider FROM merchant WHERE id=awaits),"
                       " (SELECT name FROM merchant WHERE id=awaits) FROM standing"
                       " WHERE awaits>? AND awaits<>0 ORDER BY awaits LIMIT 1");
  std::int64_t merchant = 0;
  while (database.good()) {
    const SqliteRow row = next.find(merchant);
    if (!row) break;
    merchant = row.integer(0);
    record.awaiting.push_back({row.text(1), row.text(2)});
  }
  return record;
}

SqliteActivation::SqliteActivation(SqliteDatabase& database)
    : open_probe_(database, "SELECT id FROM open_probe WHERE merchant=?"),
      open_beside_(database,
                   "SELECT o.id FROM notification n JOIN lane l ON l.id=n.lane JOIN open_probe o"
                   " ON o.merchant=l.merchant WHERE n.id=? AND n.probe<>0"),
      open_(database, "REPLACE INTO open_probe(merchant, id) VALUES(?, ?)"),
      reopen_(database,
              "REPLACE INTO open_probe(merchant, id) SELECT l.merchant, n.id FROM notification n"
              " JOIN lane l ON l.id=n.lane WHERE n.id=? AND n.probe<>0"),
      close_(database, "DELETE FROM open_probe WHERE merchant=(SELECT merchant FROM lane WHERE id=?) AND id=?"),
      activate_(database,
                "REPLACE INTO activation(merchant, url, at) VALUES((SELECT merchant FROM lane WHERE id=?), ?, ?)"),
      merchant_of_(database, "SELECT merchant FROM lane WHERE id=?"),
      awaiting_(database, "SELECT id FROM standing WHERE awaits=? AND awaits<>0 ORDER BY id LIMIT ?") {}

std::optional<NotificationId> SqliteActivation::open_probe(std::int64_t merchant) {
  const SqliteRow row = open_probe_.find(merchant);
  if (!row) return std::nullopt;
  return row.id(0);
}

std::optional<NotificationId> SqliteActivation::open_beside(NotificationId id) {
  const SqliteRow row = open_beside_.find(id);
  if (!row) return std::nullopt;
  return row.id(0);
}

std::int64_t SqliteActivation::merchant_of(LaneId lane) {
  const SqliteRow row = merchant_of_.find(lane);
  return row ? row.integer(0) : 0;
}

std::vector<NotificationId> SqliteActivation::awaiting(std::int64_t merchant, std::size_t rows_max) {
  std::vector<NotificationId> ids;
  for (SqliteRow row = awaiting_.find(merchant, rows_max); row; row.next()) ids.push_back(row.id(0));
  return ids;
}

}  // namespace ackd
