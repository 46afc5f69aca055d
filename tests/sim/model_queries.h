// Questions to a ModelRecord. What is answered is the record as it was when the question was asked; the answer comes
// later, when the record may have moved on.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "outbox/queries.h"
#include "sim/model_outbox.h"

namespace ackd::sim {

// Whether a job's filter names the row; its cursor aside.
bool names(const ListFilter& filter, const ModelRow& row, const ModelRecord& record);

Result<QueryAnswer> answer_of(const ModelRecord& record, const Query& query);

class ModelQueries final : public OutboxQueries {
 public:
  // `takes` says how long each answer takes.
  ModelQueries(const ModelRecord& record, std::function<Duration()> takes, std::function<BootTime()> now)
      : record_(record), takes_(std::move(takes)), now_(std::move(now)) {}

  bool room() const override { return waiting_.size() < 4; }
  void start(Ticket ticket, Query query) override;
  std::vector<FinishedQuery> take_finished() override;
  std::optional<BootTime> next_ready() const;

 private:
  const ModelRecord& record_;
  std::function<Duration()> takes_;
  std::function<BootTime()> now_;
  std::multimap<BootTime, FinishedQuery> waiting_;
};

}  // namespace ackd::sim
