// What every Outbox must do about activation: what awaits it, what a probe's acknowledgement records, and one probe of
// a merchant at a time. Part of conformance.h.
#pragma once

#include "outbox/conformance_store.h"

namespace ackd::conformance {

inline const MerchantName kM1{"dhpay", "m1"};
inline const MerchantName kM2{"dhpay", "m2"};

inline Admission awaiting(std::int64_t id, const std::string& merchant = "m1") {
  return {notification(id, merchant), "not activated", true};
}

inline Admission probe(std::int64_t id, const std::string& merchant = "m1") {
  Admission admission{notification(id, merchant), {}, false};
  admission.notification.probe = true;
  return admission;
}

inline Settlement probe_settlement(Store& store, std::int64_t id, State state, const std::string& url) {
  const auto row = row_of(store, id);
  REQUIRE(row.has_value());
  Settlement result = settlement(row->row, state);
  result.probed_url = url;
  return result;
}

inline BatchResult release(Store& store, const MerchantName& merchant, std::size_t rows_max) {
  Batch batch;
  batch.release = ReleaseSlice{merchant, rows_max, after(90'000)};
  BatchResult result = store.run(std::move(batch));
  REQUIRE(result.fate == BatchFate::kCommitted);
  return result;
}

inline std::vector<std::int64_t> pending_ids(Store& store, LaneId lane) {
  return ids(page(store, lane, DueClass::kFresh));
}

inline void check_releases(Store& store) {
  LaneId lane;
  for (std::int64_t id = 1; id <= 5; ++id) lane = apply(store, awaiting(id)).lane;
  const LaneId other = apply(store, awaiting(6, "m2")).lane;
  admit(store, notification(7), "held for another reason");
  CHECK(store.activation().awaiting == std::vector{kM1, kM2});

  SUBCASE("slices release a merchant's rows, oldest first, at the time that they had") {
    CHECK_FALSE(release(store, kM1, 2).release_complete);
    CHECK(pending_ids(store, lane) == std::vector<std::int64_t>{1, 2});
    CHECK_FALSE(release(store, kM1, 2).release_complete);
    const BatchResult last = release(store, kM1, 2);
    CHECK(last.release_complete);
    REQUIRE(last.woken.size() == 1);
    CHECK(last.woken[0].lane == lane);
    CHECK(last.woken[0].earliest == std::array{kStart, EngineTime::max()});
    CHECK(pending_ids(store, lane) == std::vector<std::int64_t>{1, 2, 3, 4, 5});
    CHECK(store.activation().awaiting == std::vector{kM2});
  }
  SUBCASE("other merchants and other holds stay") {
    release(store, kM1, 100);
    CHECK(pending_ids(store, other).empty());
    CHECK_FALSE(row_of(store, 7).has_value());
    CHECK(store.counts().by_state[static_cast<std::size_t>(State::kHeld)] == 2);
  }
  SUBCASE("an operator's hold, cancel or release ends the waiting") {
    apply(store, wish(OperatorVerb::kHold, 1));
    apply(store, wish(OperatorVerb::kCancel, 2));
    apply(store, wish(OperatorVerb::kRelease, 3));
    apply(store, wish(OperatorVerb::kHold, 3));
    release(store, kM1, 100);
    CHECK(pending_ids(store, lane) == std::vector<std::int64_t>{4, 5});
  }
  SUBCASE("a slice sees the operations of its own batch") {
    Batch batch;
    batch.operations = {awaiting(8), wish(OperatorVerb::kHold, 4)};
    batch.release = ReleaseSlice{kM1, 100, after(90'000)};
    batch.pages.push_back({lane, DueClass::kFresh, EngineTime::max(), 100, 1 << 20, {}});
    const BatchResult result = store.run(std::move(batch));
    CHECK(result.release_complete);
    CHECK(ids(result.pages.at(0)) == std::vector<std::int64_t>{1, 2, 3, 5, 8});
  }
  SUBCASE("what a settlement holds until the activation is released with its progress") {
    release(store, kM1, 100);
    Settlement hold = settlement(row_of(store, 1)->row, State::kPending, after(9'000));
    apply(store, hold);
    hold = settlement(row_of(store, 1)->row, State::kHeld);
    hold.attempt.reset();
    hold.steps = 1;
    hold.awaits_merchant = true;
    CHECK(apply(store, hold).state == State::kHeld);
    CHECK(store.activation().awaiting == std::vector{kM1, kM2});
    CHECK(release(store, kM1, 100).woken.size() == 1);
    CHECK(row_of(store, 1)->row.progress.attempts == 1);
    CHECK(row_of(store, 1)->row.key == QueueKey{lane, DueClass::kRetry, after(9'000), {1}});
  }
  SUBCASE("a merchant of whom nothing is known has nothing to release") {
    CHECK(release(store, {"dhpay", "nobody"}, 1).release_complete);
  }
  check_conserved(store);
}

inline void check_probes(Store& store) {
  const LaneId lane = apply(store, probe(1)).lane;
  SUBCASE("a probe says so wherever it is read") {
    CHECK(row_of(store, 1)->row.probe);
    CHECK(page(store, lane, DueClass::kFresh).rows.at(0).probe);
    admit(store, notification(2));
    CHECK_FALSE(row_of(store, 2)->row.probe);
  }
  SUBCASE("its acknowledgement records which URL was probed, and the newest counts") {
    apply(store, probe_settlement(store, 1, State::kDelivered, "https://a.example/"));
    CHECK(store.activation().activations == std::vector{Activation{kM1, "https://a.example/", after(1'020)}});
    apply(store, probe(2));
    apply(store, probe_settlement(store, 2, State::kDelivered, "https://b.example/"));
    CHECK(store.activation().activations == std::vector{Activation{kM1, "https://b.example/", after(1'020)}});
  }
  SUBCASE("one that was not acknowledged records nothing") {
    apply(store, probe_settlement(store, 1, State::kExhausted, "https://a.example/"));
    CHECK(store.activation().activations.empty());
  }
  SUBCASE("a cancel that came too late does not undo the activation, any other outcome obeys it") {
    OperatorChange cancel = wish(OperatorVerb::kCancel, 1);
    cancel.in_flight = true;
    apply(store, cancel);
    State decided = State::kDelivered;
    SUBCASE("acknowledged") {
      decided = State::kDelivered;
    }
    SUBCASE("not acknowledged") {
      decided = State::kExhausted;
    }
    apply(store, probe_settlement(store, 1, decided, "https://a.example/"));
    CHECK(store.activation().activations.empty() == (decided != State::kDelivered));
    CHECK(apply(store, probe(2)).applied == Applied::kApplied);
  }
  SUBCASE("a second one is refused with the id of the one that is pending") {
    const OperationResult second = apply(store, probe(2));
    CHECK(second.applied == Applied::kProbeOpen);
    CHECK(second.id.value == 1);
    CHECK(second.state == State::kPending);
    CHECK(store.counts().admitted == 1);
    CHECK(apply(store, probe(3, "m2")).applied == Applied::kApplied);
    CHECK(apply(store, Admission{notification(4), {}}).applied == Applied::kApplied);
    Admission again = probe(5);
    again.notification.key = notification(1).key;
    again.notification.content_hash = notification(1).content_hash;
    CHECK(apply(store, again).applied == Applied::kDuplicate);
  }
  SUBCASE("one that has ended, or is held, is in nobody's way") {
    SUBCASE("delivered") {
      apply(store, probe_settlement(store, 1, State::kDelivered, "https://a.example/"));
    }
    SUBCASE("exhausted") {
      apply(store, probe_settlement(store, 1, State::kExhausted, "https://a.example/"));
    }
    SUBCASE("held by its settlement") {
      Settlement hold = probe_settlement(store, 1, State::kHeld, "");
      hold.attempt.reset();
      apply(store, hold);
    }
    SUBCASE("held by an operator") {
      apply(store, wish(OperatorVerb::kHold, 1));
    }
    SUBCASE("cancelled") {
      apply(store, wish(OperatorVerb::kCancel, 1));
    }
    CHECK(apply(store, probe(2)).applied == Applied::kApplied);
  }
  SUBCASE("one that may have been sent is still pending") {
    Settlement crash = probe_settlement(store, 1, State::kPending, "");
    crash.attempt->outcome = OutcomeClass::kPossiblySent;
    apply(store, crash);
    CHECK(apply(store, probe(2)).id.value == 1);
  }
  SUBCASE("a released one stands in the way again") {
    apply(store, wish(OperatorVerb::kHold, 1));
    apply(store, wish(OperatorVerb::kRelease, 1));
    CHECK(apply(store, probe(2)).applied == Applied::kProbeOpen);
  }
  SUBCASE("a retry of an exhausted one is a probe too, and one at a time") {
    apply(store, probe_settlement(store, 1, State::kExhausted, "https://a.example/"));
    CHECK(apply(store, wish(OperatorVerb::kRetry, 1)).applied == Applied::kApplied);
    CHECK(row_of(store, 1'000'001)->row.probe);
    OperatorChange again = wish(OperatorVerb::kRetry, 1);
    again.replay_id = {1'000'002};
    const OperationResult refused = apply(store, again);
    CHECK(refused.applied == Applied::kProbeOpen);
    CHECK(refused.id.value == 1'000'001);
  }
  check_conserved(store);
}

}  // namespace ackd::conformance
