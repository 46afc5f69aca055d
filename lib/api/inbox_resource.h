// /v1/inbox: how far the platform's inbox has been read, which of its rows could not be admitted, and what an operator
// does about either.
//
//   GET    /v1/inbox
//   POST   /v1/inbox/rewind                     {"to": ROW}
//   GET    /v1/inbox/errors?limit=&cursor=
//   DELETE /v1/inbox/errors/{source}/{row}
#pragma once

#include <optional>
#include <string_view>

#include "api/inbox_control.h"
#include "api/problem.h"
#include "outbox/queries.h"

namespace ackd {

inline constexpr std::size_t kInboxErrorsLimit = 50;
inline constexpr std::size_t kInboxErrorsLimitMax = 500;

nlohmann::ordered_json to_json(const InboxStatus& status);
// What is answered to everything but GET /v1/inbox where none is configured.
Problem no_inbox();

Result<std::int64_t> read_rewind(std::string_view body);
Result<InboxErrorsQuery> read_inbox_errors_query(const Fields& parameters);
ApiResponse respond_with_inbox_errors(const InboxErrorsPage& page);

// Of the last segments of a path; nothing when they name no row.
std::optional<InboxErrorName> parse_inbox_error_name(std::string_view source, std::string_view row);

}  // namespace ackd
