// Lanes and hosts as an operator looks at them: copies of what is in memory, which only lanes with pending work are.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/notification.h"
#include "policy/rate_limit.h"

namespace ackd {

// Requests that may start in a second, and when the next one may. No rate: whenever there is room.
struct RateView {
  Rate rate;
  EngineTime next_at;
};

// Why a pending notification is not on its way; what the outbox alone cannot know.
struct LaneView {
  bool paused = false;  // its merchant is, by an operator
  std::string pause_reason;
  std::optional<EngineTime> paused_until;  // when it goes on by itself
  std::string held_because;  // why what comes due is held until its merchant allows it; empty when it is not
  bool known = false;        // only lanes with pending work are in memory
  LaneKey key;
  std::size_t in_flight = 0;
  std::size_t window = 0;
  std::size_t buffered = 0;
  EngineTime opens_at;    // closed until then after trouble of our own, or because it is squeezed
  bool untried = false;   // its merchant has not answered yet: one request at a time
  bool squeezed = false;  // its merchant fails: one request at a time, with growing pauses
  std::string trouble;    // why, in words
  std::string host;       // origin
  std::size_t host_in_flight = 0;
  std::size_t host_ceiling = 0;
  bool held_back = false;  // sending to its host is suspended
  RateView rate;           // of its merchant, or its own
  RateView host_rate;
};

// Each member empty for any.
struct LaneFilter {
  std::string provider;
  std::string merchant;
  std::string host;
};

// Looking at a lane costs about a microsecond, and the loop delivers nothing meanwhile: a call looks at no more than
// this, and the next one goes on where it stopped.
inline constexpr std::size_t kLanesScanMax = 2'000;

struct LanesPage {
  std::vector<LaneView> lanes;           // by provider, merchant, origin
  std::optional<LaneKey> next_position;  // more may follow behind it
};

struct HostView {
  std::string origin;         // empty: of lanes whose merchant has no URL
  std::size_t lanes = 0;      // with pending work
  std::size_t waiting = 0;    // of them, with a due row and room, but not here
  std::size_t in_flight = 0;  // requests
  std::size_t ceiling = 0;
  RateView rate;
  bool held_back = false;  // sending is suspended, and it neither answers nor is being tried
};

struct HostsPage {
  std::vector<HostView> hosts;               // by origin
  std::optional<std::string> next_position;  // more may follow behind it
};

}  // namespace ackd
