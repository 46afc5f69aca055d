// Whether a store says the same as the model's record: everything that a process learns when it opens the record, every
// notification with its attempts and their chain, the queue, lists, jobs, the inbox and merchants.
#pragma once

#include <string>
#include <vector>

#include "outbox/conformance_store.h"
#include "outbox/outbox.h"
#include "sim/model_outbox.h"

namespace ackd::sim {

// A sentence for each difference; none when there is none. The record is not changed, but what a read needs of it is.
std::vector<std::string> differences(conformance::Store& store, ModelRecord& record);

// The same for one batch's answers, reads included.
std::vector<std::string> differences(const BatchResult& stored, const BatchResult& modelled);

}  // namespace ackd::sim
