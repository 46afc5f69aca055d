// The simulator's outbox keeps the same contract as the real one, or its findings would be about nothing.
#include "outbox/conformance.h"
#include "sim/model_outbox.h"

namespace ackd::sim {
namespace {

class Unobserved final : public RecordObserver {
 public:
  void on_settlement(const ModelRow&, const Settlement&) override {}
  void on_change(const OperatorChange&) override {}
};

class ModelStore final : public conformance::Store {
 public:
  BatchResult run(Batch batch) override { return writer_.apply(batch); }
  OutboxCounts counts() override { return counts_of(record_); }
  ActivationRecord activation() override { return activation_of(record_); }
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
