// GET /metrics: the record's counters and the engine's gauges for Prometheus. They are the numbers of /v1/stats.
#pragma once

#include "api/problem.h"
#include "api/stats_resource.h"

namespace ackd {

ApiResponse respond_with_metrics(const ProcessFacts& process, const OutboxCounts& counts, const EngineStats& engine);

}  // namespace ackd
