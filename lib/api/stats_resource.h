// What the daemon says about itself: statistics, providers, and whether it is alive and ready.
#pragma once

#include <string>
#include <vector>

#include "api/inbox_control.h"
#include "api/problem.h"
#include "engine/engine.h"
#include "outbox/queries.h"
#include "profile/catalogue.h"

namespace ackd {

struct ProcessFacts {
  std::string version;
  int pid = 0;
  EngineTime started_at;
  std::string config_file{};  // for saying where something is changed
};

// "plenty", "low", "critical".
const char* name_of(DiskBand band);

ApiResponse respond_with_stats(const ProcessFacts& process, const OutboxCounts& counts, const EngineStats& engine,
                               const InboxStatus& inbox);
ApiResponse respond_with_providers(const ProfileCatalogue& catalogue);

// Alive: the loop turns.
ApiResponse respond_with_health();
// Ready: notifications are accepted and sent. 503 with every reason why not, each saying what to do.
ApiResponse respond_with_readiness(const EngineStats& engine);

}  // namespace ackd
