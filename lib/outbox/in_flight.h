// Contract: what was in flight when the process died. Never synced: it must survive kill -9, not power loss (after
// power loss nothing is known to be in flight, and promise 2 already allows a second send).
//
// Adapters: outbox/in_flight_file.h (an mmap beside the database), a vector in the simulator.
#pragma once

#include <vector>

#include "model/ids.h"

namespace ackd {

struct InFlightEntry {
  NotificationId id;
  std::uint32_t attempt = 0;
  bool suspect = false;  // it was itself a survivor of an earlier crash, started again
  friend bool operator==(const InFlightEntry&, const InFlightEntry&) = default;
};

class InFlight {
 public:
  virtual ~InFlight() = default;

  // Before the first byte may leave. REQUIRES: room(), and the id is not entered.
  virtual void enter(const InFlightEntry& entry) = 0;
  // After the outcome is committed, or when nothing was sent.
  virtual void leave(NotificationId id) = 0;
  virtual bool room() const = 0;

  // What an earlier process left behind; they stay in the file until leave().
  virtual std::vector<InFlightEntry> survivors() const = 0;
};

}  // namespace ackd
