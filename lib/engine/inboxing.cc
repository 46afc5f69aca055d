#include "engine/inboxing.h"

#include "base/planted_bug.h"

namespace ackd {

void Inboxing::offer(InboxSlice slice) {
  CHECK_THAT(room(), "a second slice of the inbox while one is under way");
  CHECK_THAT(slice.rows.size() <= kInboxRowsMax, "a slice of too many rows");
  slice_ = std::move(slice);
}

std::optional<InboxSlice> Inboxing::next_slice() {
  if (!waits()) return std::nullopt;
  const EngineTime now = core_.clock.now();
  for (InboxRow& row : slice_->rows) {
    if (row.admission) row.admission->notification.id = core_.ids.next(now);
  }
  slice_->at = now;
  if (!PLANTED(kMarkApart)) return slice_;
  InboxSlice apart = *slice_;
  if (mark_ran_ahead_) apart.after = apart.mark;
  if (!mark_ran_ahead_) apart.rows.clear();
  return apart;
}

void Inboxing::on_committed(InboxResult result, const std::vector<LaneHead>& woken) {
  CHECK_THAT(slice_, "the outbox answered a slice of the inbox that was not under way");
  CHECK_THAT(!result.stale, "somebody else has moved the inbox's mark");
  if (PLANTED(kMarkApart) && !std::exchange(mark_ran_ahead_, !mark_ran_ahead_)) return;
  CHECK_THAT(result.rows.size() == slice_->rows.size(), "the outbox answered another number of rows of the inbox");
  for (std::size_t i = 0; i < slice_->rows.size(); ++i) {
    if (const auto& admission = slice_->rows[i].admission) tell(*admission, result.rows[i], woken);
  }
  result_ = std::move(result);
  slice_.reset();
}

void Inboxing::on_failed() {
  if (!PLANTED(kForgetFailedSlice)) return;
  result_ = InboxResult{};
  slice_.reset();
}

void Inboxing::tell(const Admission& admission, const OperationResult& result, const std::vector<LaneHead>& woken) {
  core_.tell_lane(admission, result, woken);
  if (admission.awaits_merchant && result.state == State::kHeld) {
    activating_.on_awaiting(admission.notification.lane);
  }
}

}  // namespace ackd
