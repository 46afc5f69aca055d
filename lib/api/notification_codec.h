// Notifications between JSON and plain values: what a platform sends in, and what people and programs see. No lookups,
// no decisions; sensitive values are hidden here, so that no caller can forget it.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/result.h"
#include "engine/intake.h"
#include "outbox/queries.h"
#include "profile/profile.h"
#include "text/json_reader.h"

namespace ackd {

// One notification of POST /v1/notifications. Errors name the field ("fields.amount"). Values of `fields` are strings
// or numbers, a number as its own token; anything else has no one spelling on a merchant's wire and is refused.
Result<IntakeRequest> read_notification(JsonValue json);

// A row of a list. Members that have no value yet are left out.
nlohmann::ordered_json to_json(const NotificationSummary& summary);

// What the record does not hold itself; a null profile (its revision is not known to this process) hides every value.
struct RecordFacts {
  const Profile* profile = nullptr;
  std::optional<AckRule> acknowledgement;
  std::optional<Duration> give_up_after;  // the merchant's choice, or the profile's
  bool in_flight = false;
  EngineTime now;
};

nlohmann::ordered_json to_json(const NotificationRecord& record, const RecordFacts& facts);

// "attempt 3 of 4 at 2026-03-01T12:00:00.000Z (in 9m 12s)"; one that is due says since when.
std::string describe_next(const NotificationRecord& record, const RecordFacts& facts);

std::string to_hex(const Hash& hash);

}  // namespace ackd
