// A store under test as the conformance suite sees it, values to write into it, and short ways to ask it.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "outbox/outbox.h"
#include "outbox/queries.h"

namespace ackd::conformance {

class Store {
 public:
  virtual ~Store() = default;
  // Submits and waits for the answer.
  virtual BatchResult run(Batch batch) = 0;
  virtual OutboxCounts counts() = 0;
  // What a process would learn that opened the store now; both lists in the merchants' order.
  virtual ActivationRecord activation() = 0;
  // The same about the platform's inbox, by source.
  virtual std::vector<InboxStanding> inbox() = 0;
  virtual InboxErrorsPage inbox_errors(const InboxErrorsQuery& query) = 0;
  virtual std::vector<Job> running_jobs() = 0;
  virtual Result<QueryAnswer> ask(Query query) = 0;
  virtual MerchantsOpening merchants() = 0;
};
using StoreFactory = std::function<std::unique_ptr<Store>()>;

inline constexpr EngineTime kStart{1'772'366'400'000};  // 2026-03-01T12:00:00Z

inline EngineTime after(std::int64_t ms) {
  return kStart + Duration(ms);
}

// --- Values to write ---

inline Hash hash_of(unsigned seed) {
  Hash hash{};
  hash.fill(static_cast<std::uint8_t>(seed));
  hash[0] = static_cast<std::uint8_t>(seed >> 8U);
  return hash;
}

inline Notification notification(std::int64_t id, const std::string& merchant = "m1") {
  Notification n;
  n.id = {id};
  n.lane = {"dhpay", merchant, ""};
  n.revision = {1};
  n.type = "payment";
  n.subject = "order-" + std::to_string(id);
  n.key = "key-" + std::to_string(id);
  n.content = "content-" + std::to_string(id);
  n.content_hash = hash_of(static_cast<unsigned>(id));
  n.admitted_at = kStart;
  n.not_before = kStart;
  return n;
}

inline Attempt attempt(std::uint32_t number, OutcomeClass outcome = OutcomeClass::kRejected) {
  Attempt a;
  a.number = number;
  a.outcome = outcome;
  a.started_at = after(number * 1'000);
  a.ended_at = after(number * 1'000 + 20);
  a.status = 500;
  a.reason = "status 500, expected 200";
  a.request_hash = hash_of(number);
  return a;
}

inline Settlement settlement(const DueNotification& row, State state, EngineTime next_at = {}) {
  Settlement s;
  s.key = row.key;
  s.expected_version = row.progress.version;
  s.attempt = attempt(row.progress.attempts + 1,
                      state == State::kDelivered ? OutcomeClass::kAcknowledged : OutcomeClass::kRejected);
  s.state = state;
  s.next_at = next_at;
  s.steps = row.progress.steps + 1;
  s.at = s.attempt->ended_at;
  return s;
}

inline OperatorChange wish(OperatorVerb verb, std::int64_t id, EngineTime at = after(60'000)) {
  OperatorChange change;
  change.verb = verb;
  change.id = {id};
  change.replay_id = {id + 1'000'000};
  change.reason = "an operator's reason";
  change.at = at;
  return change;
}

// --- Short ways to ask ---

inline BatchResult run(Store& store, std::vector<Operation> operations) {
  const std::size_t count = operations.size();
  Batch batch;
  batch.operations = std::move(operations);
  BatchResult result = store.run(std::move(batch));
  REQUIRE(result.fate == BatchFate::kCommitted);
  REQUIRE(result.results.size() == count);
  return result;
}

inline OperationResult apply(Store& store, Operation operation) {
  return run(store, {std::move(operation)}).results.front();
}

inline LaneId admit(Store& store, const Notification& n, const std::string& held_reason = {}) {
  const OperationResult result = apply(store, Admission{n, held_reason});
  REQUIRE(result.applied == Applied::kApplied);
  return result.lane;
}

inline Page page(Store& store, LaneId lane, DueClass due_class, std::vector<NotificationId> excluded = {},
                 std::size_t rows_max = 100, EngineTime due_by = EngineTime::max(), std::size_t bytes_max = 1 << 20) {
  Batch batch;
  batch.pages.push_back({lane, due_class, due_by, rows_max, bytes_max, std::move(excluded)});
  BatchResult result = store.run(std::move(batch));
  REQUIRE(result.fate == BatchFate::kCommitted);
  REQUIRE(result.pages.size() == 1);
  return std::move(result.pages.front());
}

inline std::optional<StoredRow> row_of(Store& store, std::int64_t id) {
  Batch batch;
  batch.rows = RowRequest{{NotificationId{id}}};
  BatchResult result = store.run(std::move(batch));
  REQUIRE(result.fate == BatchFate::kCommitted);
  if (result.rows.empty()) return std::nullopt;
  return result.rows.front();
}

inline std::vector<std::int64_t> ids(const Page& page) {
  std::vector<std::int64_t> found;
  for (const DueNotification& row : page.rows) found.push_back(row.key.id.value);
  return found;
}

// Every admitted notification is in exactly one state.
inline void check_conserved(Store& store) {
  const OutboxCounts counts = store.counts();
  CHECK(std::accumulate(counts.by_state.begin(), counts.by_state.end(), std::uint64_t{0}) == counts.admitted);
}

// Admits notification `id` and brings it into `state`.
inline void bring_to(Store& store, std::int64_t id, State state) {
  admit(store, notification(id), state == State::kHeld ? "key missing" : "");
  if (state == State::kDelivered || state == State::kExhausted) {
    const auto row = row_of(store, id);
    REQUIRE(row.has_value());
    REQUIRE(apply(store, settlement(row->row, state)).state == state);
  }
  if (state == State::kCancelled) REQUIRE(apply(store, wish(OperatorVerb::kCancel, id)).state == state);
}

}  // namespace ackd::conformance
