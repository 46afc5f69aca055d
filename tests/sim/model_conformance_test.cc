// The simulator's outbox keeps the same contract as the real one, or its findings would be about nothing.
#include "outbox/conformance.h"
#include "sim/model_queries.h"

namespace ackd::sim {
namespace {

class ModelStore final : public conformance::Store {
 public:
  BatchResult run(Batch batch) override { return writer_.apply(batch); }
  OutboxCounts counts() override { return counts_of(record_); }
  ActivationRecord activation() override { return activation_of(record_); }
  std::vector<InboxStanding> inbox() override { return inbox_of(record_); }
  InboxErrorsPage inbox_errors(const InboxErrorsQuery& query) override { return inbox_errors_of(record_, query); }
  std::vector<Job> running_jobs() override { return sim::running_jobs(record_); }
  Result<QueryAnswer> ask(Query query) override { return answer_of(record_, query); }
  MerchantsOpening merchants() override { return merchants_of(record_); }

 private:
  ModelRecord record_;
  Unobserved observer_;
  ModelWriter writer_{record_, observer_};
};

}  // namespace

TEST_CASE("the model outbox keeps the contract") {
  conformance::check_outbox([] { return std::make_unique<ModelStore>(); });
}

}  // namespace ackd::sim
