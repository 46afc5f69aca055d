// The state that the engine's stages share. Each stage (recovery, sending, committing) owns its own part of a turn and
// works on this; engine.cc calls them in order.
#pragma once

#include <string>
#include <vector>

#include "engine/activation_gate.h"
#include "engine/engine.h"
#include "engine/engine_clock.h"
#include "engine/flights.h"
#include "engine/lanes.h"
#include "engine/outgoing.h"
#include "engine/requests.h"
#include "engine/suspects.h"
#include "policy/memory_watermark.h"
#include "policy/outage.h"
#include "policy/ramp.h"

namespace ackd {

struct Core {
  Core(const EngineOptions& options, const EngineParts& parts, const EngineStart& start);

  // Whether anything may be started at all.
  bool may_start() const;
  // An engine-wide slot is free.
  bool has_room() const;
  // Sending goes on as ever, is suspended, or comes back step by step.
  SendingState sending() const;
  Lane& lane_of(const DueNotification& row);
  // An admission was committed: its lane, which its batch has `woken`, learns of it, unless it is held or was known
  // before.
  void tell_lane(const Admission& admission, const OperationResult& result, const std::vector<LaneHead>& woken);
  // The outbox knows of work in this lane that no page has brought yet.
  void wake_lane(const LaneHead& head);
  // A row that was taken from its lane goes back to the outbox's hands alone.
  void return_row(const DueNotification& row);
  void queue_settlement(const Flight& flight, Settlement settlement, Duration took);

  EngineOptions options;
  EngineParts parts;
  EngineClock clock;
  IdSource ids;
  Outage outage;
  Ramp ramp;
  Lanes lanes;
  Flights flights;
  Suspects suspects;
  Outgoing outgoing;
  Requests requests;
  ActivationGate gate;
  MemoryWatermark memory;

  bool recovering = true;   // survivors are not all recorded yet
  bool discovering = true;  // lanes are not all found yet
  bool clock_held = false;
  bool draining = false;
  bool storage_trouble = false;
  bool storage_stalled = false;  // the batch in flight takes so long that the disk must be hanging
  bool batch_in_flight = false;
  EngineTime batch_shipped_at = EngineTime::min();
  EngineTime storage_retry_at = EngineTime::min();
  std::optional<Error> fatal;

  std::uint64_t batches = 0;
  std::uint64_t attempts_settled = 0;
  std::uint64_t not_sent = 0;
};

}  // namespace ackd
