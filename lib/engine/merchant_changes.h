// The stage that changes merchants under live traffic. Disk first, memory second: the directory changes when the change
// is committed, and from that turn on it is what admissions, signatures and lanes go by.
//
//   committed --> directory --> its lanes look at their merchant anew: host of the new URL, window, paused or not
//                           '-> what it may be sent is asked anew: a new URL is probed, what waited for it is released
//
// A pause that ends by itself is resumed in the same way, as its time comes or has come at a start.
//
// No queue row moves. What is in flight ends as it began.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "engine/activating.h"
#include "engine/core.h"
#include "engine/merchant_write.h"

namespace ackd {

class MerchantChanges {
 public:
  MerchantChanges(Core& core, Activating& activating) : core_(core), activating_(activating) {}

  void write(Ticket ticket, MerchantWrite write);
  // Nothing waits for a commit.
  bool idle() const { return waiting_.empty() && batched_.empty(); }

  // When a pause ends.
  std::optional<EngineTime> next_wake() const { return core_.parts.merchants.next_pause_end(); }

  // Adds what waits to the next batch, and what ends the pauses whose time has come.
  void take_into(Batch& batch);
  // REQUIRES: one result for each operation that take_into() added last.
  void on_committed(std::span<const OperationResult> results);
  void on_failed(const Error& refusal);

 private:
  struct Pending {
    MerchantWrite write;
    ItemPlace place;
    EngineTime at;
  };

  void end_pauses();
  void apply(Pending& pending, const OperationResult& result);
  void in_force(MerchantPut& put, const OperationResult& result, EngineTime at);
  void in_force(MerchantRemoval& removal, const OperationResult& result, EngineTime at);
  void in_force(MerchantPausing& pausing, const OperationResult& result, EngineTime at);
  void in_force(SharedKeysPut& put, const OperationResult& result, EngineTime at);
  void in_force(MerchantsPut& put, const OperationResult& result, EngineTime at);
  void put_into_directory(Merchant merchant);
  void look_anew(const MerchantName& merchant);

  Core& core_;
  Activating& activating_;
  std::deque<Pending> waiting_;
  std::vector<Pending> batched_;
};

}  // namespace ackd
