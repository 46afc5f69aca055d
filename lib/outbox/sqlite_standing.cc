#include "outbox/sqlite_standing.h"

namespace ackd {

StandingReader::StandingReader(SqliteDatabase& database)
    : admitted_(database, "SELECT lane, not_before FROM notification WHERE id=?"),
      note_(database,
            "SELECT state, class, state_at, version, attempts, steps, cancel_asked, lonely_crashes, reason,"
            " awaits FROM standing WHERE id=?"),
      newest_attempt_(database,
                      "SELECT state, class, state_at, version, n, steps, state_reason FROM attempt"
                      " WHERE id=? ORDER BY n DESC LIMIT 1") {}

std::optional<Standing> StandingReader::find(NotificationId id) {
  Standing standing;
  {
    const SqliteRow row = admitted_.find(id);
    if (!row) return std::nullopt;
    standing.lane = {row.integer(0)};
    standing.state_at = row.time(1);
  }
  if (!read_note(id, standing)) read_newest_attempt(id, standing);
  return standing;
}

bool StandingReader::read_note(NotificationId id, Standing& standing) {
  const SqliteRow row = note_.find(id);
  if (!row) return false;
  standing.state = row.choice(0, State::kCancelled);
  standing.due_class = row.choice(1, DueClass::kRetry);
  standing.state_at = row.time(2);
  standing.progress = {row.number(3), row.number(4), row.number(5)};
  standing.cancel_asked = row.integer(6) != 0;
  standing.lonely_crashes = row.number(7);
  standing.reason = row.text(8);
  standing.awaits = row.integer(9);
  standing.noted = true;
  return true;
}

bool StandingReader::read_newest_attempt(NotificationId id, Standing& standing) {
  const SqliteRow row = newest_attempt_.find(id);
  if (!row) return false;
  standing.state = row.choice(0, State::kCancelled);
  standing.due_class = row.choice(1, DueClass::kRetry);
  standing.state_at = row.time(2);
  standing.progress = {row.number(3), row.number(4), row.number(5)};
  standing.reason = row.text(6);
  return true;
}

}  // namespace ackd
