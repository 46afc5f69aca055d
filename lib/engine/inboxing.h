// The stage that admits the platform's inbox: one slice at a time, its rows and the mark behind them in one batch.
//
//   offer(slice) -> next_slice() -> committed -> take_result()
//                        ^ '-- failed: nothing was recorded, the same slice rides on the next batch
//
// A slice is never given up. What has not been offered yet stays in the platform's file, so draining and a full disk
// need no care here: nothing more is offered, and a process that ends takes no more with it than its memory.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "engine/activating.h"
#include "engine/core.h"

namespace ackd {

class Inboxing {
 public:
  Inboxing(Core& core, Activating& activating) : core_(core), activating_(activating) {}

  bool room() const { return !slice_ && !result_; }
  // REQUIRES: room().
  void offer(InboxSlice slice);
  std::optional<InboxResult> take_result() { return std::exchange(result_, std::nullopt); }

  // For the next batch: a copy, because the batch may fail. Its admissions get their ids here.
  std::optional<InboxSlice> next_slice();
  // Whether something waits for a batch.
  bool waits() const { return slice_.has_value() && !core_.draining; }
  // After the commit: lanes are told of the work, then the result is there.
  void on_committed(InboxResult result, const std::vector<LaneHead>& woken);
  // Nothing was recorded.
  void on_failed();

 private:
  void tell(const Admission& admission, const OperationResult& result, const std::vector<LaneHead>& woken);

  Core& core_;
  Activating& activating_;
  std::optional<InboxSlice> slice_;
  std::optional<InboxResult> result_;
  bool mark_ran_ahead_ = false;  // only where a bug is planted
};

}  // namespace ackd
