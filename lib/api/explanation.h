// Why a notification is where it is, in the one sentence that an operator needs, and the facts behind it.
#pragma once

#include <string>
#include <vector>

#include "api/notification_codec.h"
#include "engine/engine.h"
#include "outbox/queries.h"

namespace ackd {

struct Explanation {
  std::string why;                 // one sentence, with what to do where something can be done
  std::vector<std::string> facts;  // the acknowledgement rule, the schedule and their sources, the last attempt
};

// The first reason that holds, from the widest (nothing is sent at all) to the narrowest (its lane is full).
Explanation explain(const NotificationRecord& record, const RecordFacts& facts, const LaneView& lane,
                    const EngineStats& engine);

nlohmann::ordered_json to_json(const LaneView& lane, EngineTime now);

// Adds the rate to a lane or a host, where there is one. `prefix` begins its members.
void add_rate(const RateView& rate, const std::string& prefix, EngineTime now, nlohmann::ordered_json& json);

}  // namespace ackd
