// The reading and changing sides of /v1/notifications: parameters in, answers out. No state; api.h keeps who waits.
#pragma once

#include <optional>
#include <string_view>

#include "api/problem.h"
#include "engine/engine.h"
#include "outbox/queries.h"

namespace ackd {

// Of GET /v1/notifications. Unknown, repeated and malformed parameters are refused: a filter that is silently ignored
// would show an operator the wrong rows.
Result<ListFilter> read_list_filter(const Fields& parameters);
ApiResponse respond_with_list(const ListPage& page);

// "retry", "cancel", "hold", "release".
std::optional<OperatorVerb> parse_verb(std::string_view name);

// The optional body of an operator's verb: {"reason": "..."}. Returns the reason.
Result<std::string> read_change_reason(std::string_view body);

// What became of an operator's wish about `asked`.
ApiResponse respond_to_change(OperatorVerb verb, NotificationId asked, const ItemAnswer& answer);

}  // namespace ackd
