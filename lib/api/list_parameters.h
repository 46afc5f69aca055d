// The parameters of lists between text and plain values: of GET /v1/notifications, and the same as a job's filter.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/result.h"
#include "model/content.h"
#include "outbox/list_filter.h"

namespace ackd {

// Unknown, repeated and malformed parameters are refused: a filter that is silently ignored would show, or change, the
// wrong notifications.
Result<ListFilter> read_list_filter(const Fields& parameters);

// Whether it filters nothing; its limit and cursor aside.
bool is_empty(const ListFilter& filter);

// As an object of parameters, those that filter; `tag` is an array of "name=value".
nlohmann::ordered_json to_json(const ListFilter& filter);

// `tag` may stand several times, everything else once.
bool may_repeat(std::string_view name);
Status check_repeats(const Fields& parameters);

// What other lists share.
Status read_limit(const Field& parameter, std::size_t& out);
Error bad_cursor(const Field& parameter);

}  // namespace ackd
