#include "outbox/sqlite_record.h"

namespace ackd {
namespace {

// The stored name's value; an unknown name is a contradiction in the record.
template <class Enum>
Enum named(SqliteDatabase& database, std::string_view name, int count) {
  for (int i = 0; i < count; ++i) {
    if (name == name_of(static_cast<Enum>(i))) return static_cast<Enum>(i);
  }
  database.note_contradiction("an outcome or a transfer's end that has no meaning");
  return Enum{};
}

constexpr int kOutcomeClassCount = static_cast<int>(OutcomeClass::kNotSent) + 1;

}  // namespace

SqliteRecordReader::SqliteRecordReader(SqliteDatabase& database)
    : database_(database),
      standings_(database),
      notification_(database,
                    "SELECT m.provider, m.name, l.origin, n.revision, n.type, n.subject, n.key, n.url, n.content,"
                    " n.tags, n.content_hash, n.admitted_at, n.not_before, n.replay_of, n.probe FROM notification n"
                    " JOIN lane l ON l.id=n.lane JOIN merchant m ON m.id=l.merchant WHERE n.id=?"),
      attempts_(database,
                "SELECT n, outcome, ending, started_at, ended_at, status, reason, excerpt, content_type, peer, key_id,"
                " request_hash, signed_at, nonce, sends, chain FROM attempt WHERE id=? ORDER BY n") {}

std::optional<NotificationRecord> SqliteRecordReader::read(NotificationId id) {
  NotificationRecord record;
  if (!read_notification(id, record.notification)) return std::nullopt;
  const auto standing = standings_.find(id);
  if (!standing) return std::nullopt;
  record.state = standing->state;
  record.progress = standing->progress;
  record.reason = standing->reason;
  record.cancel_asked = standing->cancel_asked;
  if (standing->state == State::kPending) record.next_at = standing->state_at;
  if (is_final(standing->state)) record.finished_at = standing->state_at;
  read_attempts(id, record);
  return record;
}

bool SqliteRecordReader::read_notification(NotificationId id, Notification& notification) {
  const SqliteRow row = notification_.find(id);
  if (!row) return false;
  notification.id = id;
  notification.lane = {row.text(0), row.text(1), row.text(2)};
  notification.revision = {row.integer(3)};
  notification.type = row.text(4);
  notification.subject = row.text(5);
  notification.key = row.text(6);
  notification.url = row.text(7);
  notification.content = row.text(8);
  notification.tags = row.text(9);
  notification.content_hash = row.hash(10);
  notification.admitted_at = row.time(11);
  notification.not_before = row.time(12);
  if (!row.is_null(13)) notification.replay_of = row.id(13);
  notification.probe = row.integer(14) != 0;
  return true;
}

void SqliteRecordReader::read_attempts(NotificationId id, NotificationRecord& record) {
  for (SqliteRow row = attempts_.find(id); row; row.next()) {
    Attempt attempt;
    attempt.number = row.number(0);
    attempt.outcome = named<OutcomeClass>(database_, row.bytes(1), kOutcomeClassCount);
    attempt.end = named<TransferEnd>(database_, row.bytes(2), kTransferEndCount);
    attempt.started_at = row.time(3);
    attempt.ended_at = row.time(4);
    attempt.status = static_cast<int>(row.integer(5));
    attempt.reason = row.text(6);
    attempt.excerpt = row.text(7);
    attempt.content_type = row.text(8);
    attempt.peer = row.text(9);
    attempt.key_id = row.text(10);
    attempt.request_hash = row.hash(11);
    attempt.signed_at = {row.integer(12)};
    attempt.nonce = row.text(13);
    attempt.sends = row.number(14);
    record.attempts.push_back(std::move(attempt));
    record.chain.push_back(row.hash(15));
  }
}

}  // namespace ackd
