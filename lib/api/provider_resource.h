// One provider's protocol for programs, from the profile in use; `ackctl provider show` tells people the same from the
// file.
//
//   GET /v1/providers/{provider}
//   GET /v1/providers/{provider}/timetable?from=
#pragma once

#include <string_view>

#include "api/problem.h"
#include "base/time.h"
#include "profile/catalogue.h"

namespace ackd {

// What a platform needs to know: how it is sent, the fields, what makes two notifications the same, the
// acknowledgement, the schedule, and where each fact comes from. Examples of sensitive fields are left out.
ApiResponse respond_with_provider(const ProfileCatalogue& catalogue, std::string_view provider);

// When each attempt is made if every one fails at once, counted from `from` (RFC 3339); without it from `now`.
ApiResponse respond_with_timetable(const ProfileCatalogue& catalogue, std::string_view provider,
                                   const Fields& parameters, WallTime now);

}  // namespace ackd
