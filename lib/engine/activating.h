// The stage that proves URLs: probes for the merchants whose URL nobody has probed yet, and the release of what was
// held until one was acknowledged, or until its merchant was known at all.
//
// Both are found anew at every start (the outbox says what awaits a merchant, the gate says who is unverified), so
// nothing here needs to survive the process.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/core.h"
#include "engine/intake.h"

namespace ackd {

class Activating {
 public:
  // `awaiting`: merchants with notifications on record that wait for them.
  Activating(Core& core, const std::vector<MerchantName>& awaiting);

  // --- Facts, each after its commit. ---

  void on_probe_settled(const PendingSettlement& pending, const OperationResult& result);
  // Something is held until this merchant allows it. That may have come while the hold waited for a batch with room,
  // and its release may be over.
  void on_awaiting(const LaneKey& lane);
  // It was added, changed, removed, paused or resumed: what it may be sent is asked anew.
  void on_merchant_changed(const MerchantName& merchant);
  void on_release(const ReleaseSlice& slice, bool complete);
  // The outbox refused an admission that nobody waits for: its probe is asked for again.
  void on_probe_lost(const Notification& probe);

  // --- For the next batch. ---

  std::optional<ReleaseSlice> next_slice();
  // Adds automatic probes to what waits to be written, a few at a time.
  void queue_probes();

 private:
  bool holds(const MerchantName& merchant) const { return core_.gate.holds(merchant.provider, merchant.id); }
  void want_probe(const Merchant& merchant);
  void start_release(const MerchantName& merchant);
  Result<Admission> automatic_probe(const MerchantName& merchant) const;

  Core& core_;
  Intake intake_;
  std::set<MerchantName> awaiting_;      // something on record is held until they allow it
  std::deque<MerchantName> releasing_;   // of those, whose release is under way; the first is the next slice's
  std::set<MerchantName> in_releasing_;  // the same, to find one among a hundred thousand
  std::deque<MerchantName> unprobed_;
};

}  // namespace ackd
