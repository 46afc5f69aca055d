// What every Outbox must keep of a lane's standing: what was last heard of its merchant, until that one moves. Part of
// conformance.h.
#pragma once

#include "outbox/conformance_merchants.h"

namespace ackd::conformance {

// The two places where the engine meets a lane say the same.
inline LaneStanding standing_of(Store& store, std::int64_t id) {
  Batch batch;
  batch.scan = LaneScan{{}, 100};
  batch.rows = RowRequest{{NotificationId{id}}};
  const BatchResult result = store.run(std::move(batch));
  REQUIRE(result.fate == BatchFate::kCommitted);
  REQUIRE(result.rows.size() == 1);
  const auto head = std::ranges::find(result.lanes, result.rows[0].row.key.lane, &LaneHead::lane);
  REQUIRE(head != result.lanes.end());
  CHECK(head->standing == result.rows[0].standing);
  return head->standing;
}

// An attempt that ends so far from the end of its schedule that the row stays.
inline Settlement heard(Store& store, std::int64_t id, std::optional<LaneStanding> standing) {
  Settlement settled = settlement(row_of(store, id)->row, State::kPending, after(1'000));
  settled.standing = standing;
  return settled;
}

inline void check_standings(Store& store) {
  apply(store, put(record(kShop, "https://a.example/n")));
  admit(store, notification(1, "shop"));
  CHECK(standing_of(store, 1) == LaneStanding::kUnknown);
  apply(store, heard(store, 1, LaneStanding::kSqueezed));
  CHECK(standing_of(store, 1) == LaneStanding::kSqueezed);

  SUBCASE("it stays until a settlement says another one") {
    apply(store, heard(store, 1, std::nullopt));
    CHECK(standing_of(store, 1) == LaneStanding::kSqueezed);
    apply(store, heard(store, 1, LaneStanding::kAnswers));
    CHECK(standing_of(store, 1) == LaneStanding::kAnswers);
  }
  SUBCASE("it stays while the lane has nothing to do, and the next admission wakes the lane with it") {
    apply(store, settlement(row_of(store, 1)->row, State::kDelivered));
    const BatchResult result = run(store, {Admission{notification(2, "shop"), {}}});
    REQUIRE(result.woken.size() == 1);
    CHECK(result.woken[0].standing == LaneStanding::kSqueezed);
  }
  SUBCASE("it is one lane's own") {
    Notification elsewhere = notification(2, "shop");
    elsewhere.lane.origin = "https://b.example:443";
    admit(store, elsewhere);
    CHECK(standing_of(store, 2) == LaneStanding::kUnknown);
    apply(store, heard(store, 2, LaneStanding::kAnswers));
    CHECK(standing_of(store, 1) == LaneStanding::kSqueezed);
    // Only what goes to the merchant's own URL moves with it.
    apply(store, put(record(kShop, "https://c.example/n")));
    CHECK(standing_of(store, 1) == LaneStanding::kUnknown);
    CHECK(standing_of(store, 2) == LaneStanding::kAnswers);
  }
  SUBCASE("a settlement that is stale says nothing") {
    Settlement late = heard(store, 1, LaneStanding::kAnswers);
    apply(store, wish(OperatorVerb::kRetry, 1));
    CHECK(apply(store, late).applied == Applied::kStale);
    CHECK(standing_of(store, 1) == LaneStanding::kSqueezed);
  }
  SUBCASE("another URL of the same host, a pause and another merchant's move change nothing") {
    apply(store, put(record(kShop, "https://a.example/elsewhere")));
    apply(store, MerchantPauseChange{{kShop, "x"}, true, after(5)});
    apply(store, MerchantPauseChange{{kShop, ""}, false, after(6)});
    apply(store, put(record({"dhpay", "other"}, "https://c.example/n")));
    CHECK(standing_of(store, 1) == LaneStanding::kSqueezed);
  }
  SUBCASE("a merchant that is removed, and added again, begins anew") {
    apply(store, removal(kShop));
    CHECK(standing_of(store, 1) == LaneStanding::kUnknown);
    apply(store, put(record(kShop, "https://a.example/n")));
    CHECK(standing_of(store, 1) == LaneStanding::kUnknown);
  }
  SUBCASE("what a settlement says beside its merchant's move was about the host before") {
    run(store, {put(record(kShop, "https://c.example/n")), heard(store, 1, LaneStanding::kAnswers)});
    CHECK(standing_of(store, 1) == LaneStanding::kUnknown);
    apply(store, heard(store, 1, LaneStanding::kAnswers));
    CHECK(standing_of(store, 1) == LaneStanding::kAnswers);
    run(store, {put(record(kShop, "https://c.example/again")), heard(store, 1, LaneStanding::kSqueezed)});
    CHECK(standing_of(store, 1) == LaneStanding::kSqueezed);
  }
  SUBCASE("an import moves merchants too") {
    Batch batch;
    batch.merchants = MerchantImport{{record(kShop, "https://c.example/n")}, after(9)};
    batch.operations.push_back(heard(store, 1, LaneStanding::kAnswers));
    REQUIRE(store.run(std::move(batch)).fate == BatchFate::kCommitted);
    CHECK(standing_of(store, 1) == LaneStanding::kUnknown);
  }
}

}  // namespace ackd::conformance
