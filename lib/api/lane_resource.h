// What waits where: lanes and hosts in memory, which are those with pending work.
//
//   GET /v1/lanes?provider=&merchant=&host=&limit=&cursor=
//   GET /v1/hosts?limit=&cursor=
//
// A call looks at a bounded number of lanes, so a page of a filtered list may be short or empty and still have a
// cursor. Pages are read one after the other while lanes come and go: a lane that stays is seen once.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/problem.h"
#include "engine/engine.h"

namespace ackd {

inline constexpr std::size_t kLanesLimit = 100;
inline constexpr std::size_t kLanesLimitMax = 1'000;

// Unknown, repeated and malformed parameters are refused.
ApiResponse respond_with_lanes(const Engine& engine, const Fields& parameters);
ApiResponse respond_with_hosts(const Engine& engine, const Fields& parameters);

// A place in the list of lanes, "PROVIDER|ORIGIN|MERCHANT": neither a provider's name nor an origin has a bar, and a
// merchant's id, which may have any, comes last.
std::string cursor_of(const LaneKey& lane);
std::optional<LaneKey> parse_lane_cursor(std::string_view text);

}  // namespace ackd
