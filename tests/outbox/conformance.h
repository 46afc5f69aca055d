// What every Outbox must do, whatever it is made of. Each store's test wraps it in a Store and calls check_outbox()
// from one TEST_CASE; every SUBCASE starts with an empty store.
#pragma once

#include "outbox/conformance_activation.h"
#include "outbox/conformance_inbox.h"
#include "outbox/conformance_jobs.h"
#include "outbox/conformance_merchants.h"
#include "outbox/conformance_standing.h"
#include "outbox/conformance_store.h"

namespace ackd::conformance {

// --- The suite ---

inline void check_admissions(Store& store) {
  SUBCASE("an admission is pending, due at not_before, and wakes its lane once") {
    Notification first = notification(1);
    first.not_before = after(5'000);
    const BatchResult result = run(store, {Admission{first, {}}, Admission{notification(2), {}}});
    CHECK(result.results[0].applied == Applied::kApplied);
    CHECK(result.results[0].state == State::kPending);
    CHECK(result.results[0].next_at == after(5'000));
    REQUIRE(result.woken.size() == 1);
    CHECK(result.woken[0].key == first.lane);
    CHECK(result.woken[0].lane == result.results[0].lane);
    CHECK(result.woken[0].earliest == std::array{kStart, EngineTime::max()});
  }
  SUBCASE("a page hands back what was admitted") {
    Notification n = notification(1);
    n.url = "https://example.com/notify";
    n.not_before = after(10);
    const LaneId lane = admit(store, n);
    const Page found = page(store, lane, DueClass::kFresh);
    REQUIRE(found.rows.size() == 1);
    const DueNotification& row = found.rows[0];
    CHECK(row.key == QueueKey{lane, DueClass::kFresh, after(10), {1}});
    CHECK(row.progress.attempts == 0);
    CHECK(row.progress.steps == 0);
    CHECK(row.revision == n.revision);
    CHECK(row.subject == n.subject);
    CHECK(row.url == n.url);
    CHECK(row.content == n.content);
    CHECK(row.not_before == n.not_before);
    CHECK_FALSE(row.cancel_asked);
    CHECK(found.beyond == EngineTime::max());
  }
  SUBCASE("the same key and content again answers with the first id and its state now") {
    bring_to(store, 1, State::kDelivered);
    Notification again = notification(2);
    again.key = notification(1).key;
    again.content_hash = notification(1).content_hash;
    const OperationResult result = apply(store, Admission{again, {}});
    CHECK(result.applied == Applied::kDuplicate);
    CHECK(result.id.value == 1);
    CHECK(result.state == State::kDelivered);
    CHECK(store.counts().admitted == 1);
  }
  SUBCASE("the same key with other content is a conflict, also within one batch") {
    Notification other = notification(2);
    other.key = notification(1).key;
    const BatchResult result =
        run(store, {Admission{notification(1), {}}, Admission{other, {}}, Admission{notification(3), {}}});
    CHECK(result.results[0].applied == Applied::kApplied);
    CHECK(result.results[1].applied == Applied::kConflict);
    CHECK(result.results[1].id.value == 1);
    CHECK(result.results[2].applied == Applied::kApplied);
    CHECK_FALSE(row_of(store, 2).has_value());
  }
  SUBCASE("a key belongs to one merchant, whatever the origin") {
    Notification elsewhere = notification(2, "m2");
    elsewhere.key = notification(1).key;
    admit(store, notification(1));
    CHECK(apply(store, Admission{elsewhere, {}}).applied == Applied::kApplied);
    Notification origin = notification(3);
    origin.lane.origin = "https://other.example:443";
    origin.key = notification(1).key;
    CHECK(apply(store, Admission{origin, {}}).applied == Applied::kConflict);
  }
  SUBCASE("an overridden origin is a lane of its own") {
    Notification origin = notification(2);
    origin.lane.origin = "https://other.example:443";
    CHECK(admit(store, notification(1)) != admit(store, origin));
  }
  SUBCASE("a held admission is not in the queue and wakes nothing") {
    const BatchResult result = run(store, {Admission{notification(1), "no key"}});
    CHECK(result.results[0].state == State::kHeld);
    CHECK(result.woken.empty());
    CHECK_FALSE(row_of(store, 1).has_value());
    CHECK(page(store, result.results[0].lane, DueClass::kFresh).rows.empty());
    check_conserved(store);
  }
}

inline void check_settlements(Store& store) {
  SUBCASE("a failed attempt moves the notification to its next time as a retry") {
    const LaneId lane = admit(store, notification(1));
    const DueNotification row = page(store, lane, DueClass::kFresh).rows.at(0);
    const OperationResult result = apply(store, settlement(row, State::kPending, after(120'000)));
    CHECK(result.applied == Applied::kApplied);
    CHECK(result.state == State::kPending);
    CHECK(result.version == row.progress.version + 1);
    CHECK(result.next_at == after(120'000));
    CHECK(page(store, lane, DueClass::kFresh).rows.empty());
    const DueNotification next = page(store, lane, DueClass::kRetry).rows.at(0);
    CHECK(next.key == QueueKey{lane, DueClass::kRetry, after(120'000), {1}});
    CHECK(next.progress == Progress{row.progress.version + 1, 1, 1});
  }
  SUBCASE("a settlement on an older version is stale and changes nothing") {
    const LaneId lane = admit(store, notification(1));
    const DueNotification row = page(store, lane, DueClass::kFresh).rows.at(0);
    apply(store, settlement(row, State::kPending, after(1'000)));
    const OperationResult late = apply(store, settlement(row, State::kDelivered));
    CHECK(late.applied == Applied::kStale);
    CHECK(late.state == State::kPending);
    CHECK(late.version == row.progress.version + 1);
    CHECK(store.counts().attempts == 1);
    check_conserved(store);
  }
  SUBCASE("a finished notification cannot be settled again") {
    for (const State state : {State::kDelivered, State::kExhausted}) {
      const auto id = static_cast<std::int64_t>(state);
      const LaneId lane = admit(store, notification(id));
      const DueNotification row = page(store, lane, DueClass::kFresh).rows.at(0);
      CHECK(apply(store, settlement(row, state)).state == state);
      const OperationResult again = apply(store, settlement(row, State::kPending, after(1)));
      CHECK(again.applied == Applied::kStale);
      CHECK(again.state == state);
      CHECK_FALSE(row_of(store, id).has_value());
    }
    check_conserved(store);
  }
  SUBCASE("a settlement of an unknown notification is told so") {
    const LaneId lane = admit(store, notification(1));
    DueNotification row = page(store, lane, DueClass::kFresh).rows.at(0);
    row.key.id = {999};
    CHECK(apply(store, settlement(row, State::kDelivered)).applied == Applied::kNotFound);
  }
  SUBCASE("not sent takes no attempt number, and the attempt after it counts on") {
    const LaneId lane = admit(store, notification(1));
    const DueNotification row = page(store, lane, DueClass::kFresh).rows.at(0);
    Settlement delay = settlement(row, State::kPending, after(500));
    delay.attempt.reset();
    delay.due_class = DueClass::kFresh;
    delay.steps = 0;
    CHECK(apply(store, delay).applied == Applied::kApplied);
    const DueNotification next = page(store, lane, DueClass::kFresh).rows.at(0);
    CHECK(next.key.next_at == after(500));
    CHECK(next.progress == Progress{row.progress.version + 1, 0, 0});
    CHECK(apply(store, settlement(next, State::kPending, after(9'000))).applied == Applied::kApplied);
    CHECK(row_of(store, 1)->row.progress == Progress{row.progress.version + 2, 1, 1});
    CHECK(store.counts().attempts == 1);
  }
  SUBCASE("lonely crashes stay with the notification until an attempt settles normally") {
    admit(store, notification(1));
    Settlement crash = settlement(row_of(store, 1)->row, State::kPending, after(1'000));
    crash.attempt->outcome = OutcomeClass::kPossiblySent;
    crash.lonely_crashes = 2;
    apply(store, crash);
    CHECK(row_of(store, 1)->lonely_crashes == 2);
    CHECK(store.counts().possibly_sent == 1);
    apply(store, settlement(row_of(store, 1)->row, State::kPending, after(2'000)));
    CHECK(row_of(store, 1)->lonely_crashes == 0);
    CHECK(row_of(store, 1)->row.progress.attempts == 2);
  }
  SUBCASE("a held settlement leaves the queue and a release brings it back") {
    const LaneId lane = admit(store, notification(1));
    Settlement hold = settlement(page(store, lane, DueClass::kFresh).rows.at(0), State::kHeld);
    hold.attempt.reset();
    CHECK(apply(store, hold).state == State::kHeld);
    CHECK(page(store, lane, DueClass::kFresh).rows.empty());
    const BatchResult released = run(store, {wish(OperatorVerb::kRelease, 1)});
    CHECK(released.results[0].next_at == after(60'000));
    CHECK(released.woken.size() == 1);
  }
  SUBCASE("silent resends are counted") {
    admit(store, notification(1));
    Settlement resent = settlement(row_of(store, 1)->row, State::kDelivered);
    resent.attempt->sends = 3;
    apply(store, resent);
    CHECK(store.counts().silent_resends == 2);
  }
}

inline void check_pages(Store& store) {
  LaneId lane;
  for (std::int64_t id = 1; id <= 6; ++id) {
    Notification n = notification(id);
    n.not_before = after(id <= 3 ? 3'000 - id : 1'000);  // due order: 4 5 6 3 2 1
    n.content = std::string(100, 'x');
    lane = admit(store, n);
  }
  SUBCASE("rows come by due time, then by id") {
    CHECK(ids(page(store, lane, DueClass::kFresh)) == std::vector<std::int64_t>{4, 5, 6, 3, 2, 1});
  }
  SUBCASE("excluded rows are passed over, also at the head and behind the end") {
    const Page found = page(store, lane, DueClass::kFresh, {{1}, {4}, {6}, {77}});
    CHECK(ids(found) == std::vector<std::int64_t>{5, 3, 2});
    CHECK(found.beyond == EngineTime::max());
  }
  SUBCASE("a full page says when the first row behind it is due") {
    const Page found = page(store, lane, DueClass::kFresh, {{6}}, 2);
    CHECK(ids(found) == std::vector<std::int64_t>{4, 5});
    CHECK(found.beyond == after(2'997));
  }
  SUBCASE("a page ends at what is due") {
    const Page found = page(store, lane, DueClass::kFresh, {}, 100, after(2'997));
    CHECK(ids(found) == std::vector<std::int64_t>{4, 5, 6, 3});
    CHECK(found.beyond == after(2'998));
  }
  SUBCASE("a page ends at its bytes, but holds at least one row") {
    CHECK(ids(page(store, lane, DueClass::kFresh, {}, 100, EngineTime::max(), 250)) == std::vector<std::int64_t>{4, 5});
    const Page one = page(store, lane, DueClass::kFresh, {}, 100, EngineTime::max(), 1);
    CHECK(ids(one) == std::vector<std::int64_t>{4});
    CHECK(one.beyond == after(1'000));
  }
  SUBCASE("a page shows the writes of its own batch") {
    const DueNotification first = page(store, lane, DueClass::kFresh).rows.at(0);
    Batch batch;
    batch.operations.push_back(settlement(first, State::kDelivered));
    batch.operations.push_back(Admission{notification(9), {}});
    batch.pages.push_back({lane, DueClass::kFresh, EngineTime::max(), 100, 1 << 20, {}});
    const BatchResult result = store.run(std::move(batch));
    CHECK(ids(result.pages.at(0)) == std::vector<std::int64_t>{9, 5, 6, 3, 2, 1});
  }
  SUBCASE("a lane without rows gives an empty page") {
    const Page none = page(store, LaneId{4'711}, DueClass::kFresh);
    CHECK(none.rows.empty());
    CHECK(none.beyond == EngineTime::max());
  }
}

inline void check_lane_scans(Store& store) {
  std::vector<LaneId> lanes;
  for (std::int64_t id = 1; id <= 5; ++id) {
    Notification n = notification(id, "m" + std::to_string(id));
    n.not_before = after(id * 10);
    lanes.push_back(admit(store, n));
  }
  // The third has nothing to do any more.
  apply(store, settlement(row_of(store, 3)->row, State::kDelivered));
  apply(store, settlement(row_of(store, 4)->row, State::kPending, after(7)));
  lanes.erase(lanes.begin() + 2);
  std::ranges::sort(lanes);

  const auto scan = [&](LaneId from, std::size_t lanes_max) {
    Batch batch;
    batch.scan = LaneScan{from, lanes_max};
    return store.run(std::move(batch));
  };
  SUBCASE("slices visit every lane with pending rows once, in order") {
    std::vector<LaneId> seen;
    LaneId last;
    bool complete = false;
    for (int slices = 0; !complete && slices < 10; ++slices) {
      const BatchResult slice = scan(last, 2);
      REQUIRE(slice.lanes.size() <= 2);
      for (const LaneHead& head : slice.lanes) seen.push_back(head.lane);
      if (!seen.empty()) last = seen.back();
      complete = slice.scan_complete;
    }
    CHECK(complete);
    CHECK(seen == lanes);
  }
  SUBCASE("a head names its lane and the first due time of each class") {
    for (const LaneHead& head : scan({}, 100).lanes) {
      if (head.key.merchant == "m4") CHECK(head.earliest == std::array{EngineTime::max(), after(7)});
      if (head.key.merchant == "m5") CHECK(head.earliest == std::array{after(50), EngineTime::max()});
      CHECK(head.key.provider == "dhpay");
    }
  }
  SUBCASE("a scan behind the last lane is complete and empty") {
    const BatchResult slice = scan(lanes.back(), 2);
    CHECK(slice.lanes.empty());
    CHECK(slice.scan_complete);
  }
}

// Every verb in every state. The expected state is the notification's own afterwards.
struct VerbRow {
  OperatorVerb verb;
  State from;
  Applied applied;
  State to;
};

inline constexpr std::array kVerbTable{
    VerbRow{OperatorVerb::kRetry, State::kPending, Applied::kApplied, State::kPending},
    VerbRow{OperatorVerb::kRetry, State::kHeld, Applied::kApplied, State::kPending},
    VerbRow{OperatorVerb::kRetry, State::kDelivered, Applied::kForbidden, State::kDelivered},
    VerbRow{OperatorVerb::kRetry, State::kCancelled, Applied::kForbidden, State::kCancelled},
    VerbRow{OperatorVerb::kCancel, State::kPending, Applied::kApplied, State::kCancelled},
    VerbRow{OperatorVerb::kCancel, State::kHeld, Applied::kApplied, State::kCancelled},
    VerbRow{OperatorVerb::kCancel, State::kDelivered, Applied::kForbidden, State::kDelivered},
    VerbRow{OperatorVerb::kCancel, State::kExhausted, Applied::kForbidden, State::kExhausted},
    VerbRow{OperatorVerb::kCancel, State::kCancelled, Applied::kForbidden, State::kCancelled},
    VerbRow{OperatorVerb::kHold, State::kPending, Applied::kApplied, State::kHeld},
    VerbRow{OperatorVerb::kHold, State::kHeld, Applied::kApplied, State::kHeld},
    VerbRow{OperatorVerb::kHold, State::kDelivered, Applied::kForbidden, State::kDelivered},
    VerbRow{OperatorVerb::kHold, State::kExhausted, Applied::kForbidden, State::kExhausted},
    VerbRow{OperatorVerb::kHold, State::kCancelled, Applied::kForbidden, State::kCancelled},
    VerbRow{OperatorVerb::kRelease, State::kPending, Applied::kForbidden, State::kPending},
    VerbRow{OperatorVerb::kRelease, State::kHeld, Applied::kApplied, State::kPending},
    VerbRow{OperatorVerb::kRelease, State::kDelivered, Applied::kForbidden, State::kDelivered},
    VerbRow{OperatorVerb::kRelease, State::kExhausted, Applied::kForbidden, State::kExhausted},
    VerbRow{OperatorVerb::kRelease, State::kCancelled, Applied::kForbidden, State::kCancelled},
    VerbRow{OperatorVerb::kResend, State::kPending, Applied::kForbidden, State::kPending},
    VerbRow{OperatorVerb::kResend, State::kHeld, Applied::kForbidden, State::kHeld},
};

inline void check_verbs(Store& store) {
  SUBCASE("every verb does in every state what the table says") {
    std::int64_t id = 0;
    for (const VerbRow& expected : kVerbTable) {
      CAPTURE(static_cast<int>(expected.verb));
      CAPTURE(name_of(expected.from));
      bring_to(store, ++id, expected.from);
      const OperationResult result = apply(store, wish(expected.verb, id));
      CHECK(result.applied == expected.applied);
      CHECK(result.state == expected.to);
      CHECK(row_of(store, id).has_value() == (expected.to == State::kPending));
      if (expected.applied == Applied::kApplied) CHECK(may_change(expected.from, expected.to));
      check_conserved(store);
    }
  }
  SUBCASE("a wish for an unknown notification is told so") {
    CHECK(apply(store, wish(OperatorVerb::kRetry, 5)).applied == Applied::kNotFound);
  }
  SUBCASE("a retry makes the notification due now, as a retry, and wakes its lane") {
    Notification n = notification(1);
    n.not_before = after(1'000'000);
    const LaneId lane = admit(store, n);
    const BatchResult result = run(store, {wish(OperatorVerb::kRetry, 1)});
    CHECK(result.results[0].next_at == after(60'000));
    REQUIRE(result.woken.size() == 1);
    CHECK(result.woken[0].earliest == std::array{EngineTime::max(), after(60'000)});
    CHECK(ids(page(store, lane, DueClass::kRetry)) == std::vector<std::int64_t>{1});
  }
  SUBCASE("an operator's change makes a settlement that was decided before it stale") {
    admit(store, notification(1));
    const DueNotification row = row_of(store, 1)->row;
    apply(store, wish(OperatorVerb::kRetry, 1));
    CHECK(apply(store, settlement(row, State::kDelivered)).applied == Applied::kStale);
    CHECK(apply(store, settlement(row_of(store, 1)->row, State::kDelivered)).applied == Applied::kApplied);
  }
  SUBCASE("a release does not hurry what was not due yet") {
    Notification n = notification(1);
    n.not_before = after(1'000'000);
    admit(store, n, "held at admission");
    CHECK(apply(store, wish(OperatorVerb::kRelease, 1)).next_at == after(1'000'000));
  }
  SUBCASE("hold and release keep what was already tried") {
    admit(store, notification(1));
    apply(store, settlement(row_of(store, 1)->row, State::kPending, after(1'000)));
    apply(store, wish(OperatorVerb::kHold, 1));
    apply(store, wish(OperatorVerb::kRelease, 1));
    const auto row = row_of(store, 1);
    REQUIRE(row.has_value());
    CHECK(row->row.progress.attempts == 1);
    CHECK(row->row.progress.steps == 1);
    CHECK(row->row.key.due_class == DueClass::kRetry);
    CHECK(apply(store, settlement(row->row, State::kDelivered)).applied == Applied::kApplied);
  }
  SUBCASE("a retry of an exhausted notification, and a resend of any that has ended, is a new one like it") {
    OperatorVerb verb = OperatorVerb::kResend;
    State ended = State::kExhausted;
    SUBCASE("retry of exhausted") {
      verb = OperatorVerb::kRetry;
    }
    SUBCASE("resend of exhausted") {
      ended = State::kExhausted;
    }
    SUBCASE("resend of delivered") {
      ended = State::kDelivered;
    }
    SUBCASE("resend of cancelled") {
      ended = State::kCancelled;
    }
    bring_to(store, 1, ended);
    const BatchResult result = run(store, {wish(verb, 1)});
    CHECK(result.results[0].applied == Applied::kApplied);
    CHECK(result.results[0].id.value == 1'000'001);
    CHECK(result.results[0].state == State::kPending);
    CHECK(result.woken.size() == 1);
    const auto copy = row_of(store, 1'000'001);
    REQUIRE(copy.has_value());
    CHECK(copy->row.content == notification(1).content);
    CHECK(copy->row.subject == notification(1).subject);
    CHECK(copy->row.progress.attempts == 0);
    CHECK(copy->row.key.next_at == after(60'000));
    CHECK(store.counts().by_state[static_cast<std::size_t>(ended)] == 1);
    check_conserved(store);
    // Asked again, it makes another one; the copy itself has not ended.
    OperatorChange again_wish = wish(verb, 1);
    again_wish.replay_id = {1'000'002};
    CHECK(apply(store, again_wish).id.value == 1'000'002);
    CHECK(apply(store, wish(OperatorVerb::kResend, 1'000'001)).applied == Applied::kForbidden);
    // The first one still owns its key.
    Notification again = notification(1);
    again.id = {7};
    CHECK(apply(store, Admission{again, {}}).id.value == 1);
  }
}

inline void check_cancel_intent(Store& store) {
  admit(store, notification(1));
  const DueNotification row = row_of(store, 1)->row;
  OperatorChange cancel = wish(OperatorVerb::kCancel, 1);
  cancel.in_flight = true;
  const OperationResult asked = apply(store, cancel);
  CHECK(asked.applied == Applied::kIntent);
  CHECK(asked.state == State::kPending);

  SUBCASE("the row shows the intent and keeps its version") {
    const auto now = row_of(store, 1);
    REQUIRE(now.has_value());
    CHECK(now->row.cancel_asked);
    CHECK(now->row.progress == row.progress);
    const Page found = page(store, row.key.lane, DueClass::kFresh);
    REQUIRE(found.rows.size() == 1);
    CHECK(found.rows[0].cancel_asked);
  }
  SUBCASE("who asked while it was in flight too has his wish, also when the settlement was quicker on record") {
    REQUIRE(apply(store, settlement(row, State::kPending)).state == State::kCancelled);
    const OperationResult late = apply(store, cancel);
    CHECK(late.applied == Applied::kIntent);
    CHECK(late.state == State::kCancelled);
    cancel.in_flight = false;
    CHECK(apply(store, cancel).applied == Applied::kForbidden);
  }
  SUBCASE("an acknowledgement wins") {
    CHECK(apply(store, settlement(row, State::kDelivered)).state == State::kDelivered);
  }
  SUBCASE("any other outcome becomes cancelled, with its attempt on record") {
    State decided = State::kPending;
    SUBCASE("a next attempt") {
      decided = State::kPending;
    }
    SUBCASE("the schedule's end") {
      decided = State::kExhausted;
    }
    SUBCASE("a hold") {
      decided = State::kHeld;
    }
    const OperationResult result = apply(store, settlement(row, decided, after(5'000)));
    CHECK(result.applied == Applied::kApplied);
    CHECK(result.state == State::kCancelled);
    CHECK_FALSE(row_of(store, 1).has_value());
    CHECK(store.counts().attempts == 1);
    CHECK(store.counts().by_state[static_cast<std::size_t>(State::kCancelled)] == 1);
  }
  SUBCASE("not sent becomes cancelled too") {
    Settlement delay = settlement(row, State::kPending, after(5'000));
    delay.attempt.reset();
    CHECK(apply(store, delay).state == State::kCancelled);
    CHECK(apply(store, wish(OperatorVerb::kRelease, 1)).applied == Applied::kForbidden);
  }
  SUBCASE("every other verb is refused while in flight") {
    for (const OperatorVerb verb :
         {OperatorVerb::kHold, OperatorVerb::kRelease, OperatorVerb::kRetry, OperatorVerb::kResend}) {
      OperatorChange change = wish(verb, 1);
      change.in_flight = true;
      CHECK(apply(store, change).applied == Applied::kForbidden);
    }
  }
  check_conserved(store);
}

inline void check_outbox(const StoreFactory& make) {
  const std::unique_ptr<Store> store = make();
  SUBCASE("admissions") {
    check_admissions(*store);
  }
  SUBCASE("settlements") {
    check_settlements(*store);
  }
  SUBCASE("pages") {
    check_pages(*store);
  }
  SUBCASE("lane scans") {
    check_lane_scans(*store);
  }
  SUBCASE("verbs") {
    check_verbs(*store);
  }
  SUBCASE("cancel in flight") {
    check_cancel_intent(*store);
  }
  SUBCASE("releases") {
    check_releases(*store);
  }
  SUBCASE("probes") {
    check_probes(*store);
  }
  SUBCASE("inbox rows") {
    check_inbox_rows(*store);
  }
  SUBCASE("inbox marks") {
    check_inbox_marks(*store);
  }
  SUBCASE("inbox errors") {
    check_inbox_errors(*store);
  }
  SUBCASE("jobs") {
    check_jobs(*store);
  }
  SUBCASE("ends of jobs") {
    check_job_ends(*store);
  }
  SUBCASE("filters") {
    check_filters(*store);
  }
  SUBCASE("merchants") {
    check_merchants(*store);
  }
  SUBCASE("pauses") {
    check_pauses(*store);
  }
  SUBCASE("shared keys") {
    check_shared_keys(*store);
  }
  SUBCASE("resealing") {
    check_resealing(*store);
  }
  SUBCASE("standings of lanes") {
    check_standings(*store);
  }
  SUBCASE("an import") {
    check_import(*store);
  }
  SUBCASE("an empty store has no lanes") {
    Batch batch;
    batch.scan = LaneScan{{}, 10};
    const BatchResult result = store->run(std::move(batch));
    CHECK(result.fate == BatchFate::kCommitted);
    CHECK(result.lanes.empty());
    CHECK(result.scan_complete);
  }
  check_conserved(*store);
}

}  // namespace ackd::conformance
