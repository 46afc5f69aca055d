// The reading and changing sides of /v1/notifications: parameters in, answers out. No state; api.h keeps who waits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/problem.h"
#include "engine/engine.h"
#include "outbox/queries.h"
#include "text/json_reader.h"

namespace ackd {

ApiResponse respond_with_list(const ListPage& page);

// "retry", "cancel", "hold", "release", "resend".
std::optional<OperatorVerb> parse_verb(std::string_view name);

// The optional body of an operator's verb: {"reason": "..."}. Returns the reason.
Result<std::string> read_change_reason(std::string_view body);
// The member of that name; an absent one leaves `out` empty.
Status read_reason(const JsonValue& json, std::string& out);

// What became of an operator's wish about `asked`.
ApiResponse respond_to_change(OperatorVerb verb, NotificationId asked, const ItemAnswer& answer);

}  // namespace ackd
