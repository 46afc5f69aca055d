// The stage that proves URLs: probes for the merchants whose URL nobody has probed yet, and the release of what was
// held until one was acknowledged.
//
// Both are found anew at every start (the outbox says what awaits an activation, the gate says who is unverified), so
// nothing here needs to survive the process.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "engine/core.h"
#include "engine/intake.h"

namespace ackd {

class Activating {
 public:
  // `awaiting`: merchants with notifications on record that wait for an activation.
  Activating(Core& core, const std::vector<MerchantName>& awaiting);

  // --- Facts, each after its commit. ---

  void on_probe_settled(const PendingSettlement& pending, const OperationResult& result);
  // Something of this merchant is held until its activation. The activation may have come while the hold waited for a
  // batch with room, and its release may be over.
  void on_awaiting(const LaneKey& lane);
  void on_release(const ReleaseSlice& slice, bool complete);
  // The outbox refused an admission that nobody waits for: its probe is asked for again.
  void on_probe_lost(const Notification& probe);

  // --- For the next batch. ---

  std::optional<ReleaseSlice> next_slice() const;
  // Adds automatic probes to what waits to be written, a few at a time.
  void queue_probes();

 private:
  void start_release(MerchantName merchant);
  Result<Admission> automatic_probe(const MerchantName& merchant) const;

  Core& core_;
  Intake intake_;
  std::deque<MerchantName> releasing_;  // each once; the first is the next slice's
  std::deque<MerchantName> unprobed_;
};

}  // namespace ackd
