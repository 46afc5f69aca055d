// The stage after a crash: every survivor gets its possibly sent attempt, then suspects start one at a time.
// Nothing else starts until all survivors are recorded, which takes a batch or two.
#pragma once

#include <deque>
#include <unordered_map>
#include <vector>

#include "engine/core.h"
#include "engine/sending.h"

namespace ackd {

class Recovery {
 public:
  Recovery(Core& core, Sending& sending);

  // The rows that the next batch should look up for this stage, if any.
  std::optional<RowRequest> take_row_request();
  // The batch with the row request was not carried out.
  void request_failed(const RowRequest& request);
  // Returns the survivors whose outcome turned out to be on record already.
  std::vector<NotificationId> on_rows(const RowRequest& request, std::vector<StoredRow> rows);
  // A survivor without its possibly sent attempt on record yet: nothing else may be done to it before.
  bool is_unrecorded(NotificationId id) const { return survivors_.contains(id); }
  // A survivor's possibly sent attempt is committed.
  void on_recovered(const Settlement& settlement, const OperationResult& result);
  // Whether a row request waits for a batch.
  bool wants_rows() const;
  std::optional<EngineTime> next_wake() const;

 private:
  void record(const InFlightEntry& survivor, const StoredRow& stored);
  void start_suspect(NotificationId id, const StoredRow* stored);
  std::optional<NotificationId> open_candidate();
  void finish_if_done();

  Core& core_;
  Sending& sending_;
  std::deque<NotificationId> unrecorded_;                        // survivors to look up
  std::unordered_map<NotificationId, InFlightEntry> survivors_;  // not recorded yet
  std::size_t flagged_ = 0;  // survivors that were suspects already when the process died
  bool looking_up_ = false;
};

}  // namespace ackd
