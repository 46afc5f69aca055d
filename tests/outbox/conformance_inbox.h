// What every Outbox must do about the platform's inbox: rows, errors and mark in one transaction. Part of
// conformance.h.
#pragma once

#include "outbox/conformance_store.h"

namespace ackd::conformance {

inline const std::string kSource = "5f0c";

inline InboxRow inbox_row(std::int64_t row, std::int64_t id) {
  return {row, Admission{notification(id), {}}, {}, "row " + std::to_string(row), 6};
}

inline InboxRow bad_row(std::int64_t row) {
  return {row, {}, Error{ErrorCode::kNotFound, "there is no such merchant", "merchant"}, "half of", 70'000};
}

inline InboxSlice slice_of(std::int64_t after_row, std::vector<InboxRow> rows) {
  InboxSlice slice;
  slice.source = kSource;
  slice.after = after_row;
  slice.mark = rows.empty() ? after_row : rows.back().row;
  slice.mark_seal = "seal of " + std::to_string(slice.mark);
  slice.rows = std::move(rows);
  slice.at = after(1'000);
  return slice;
}

inline InboxResult take(Store& store, InboxSlice slice) {
  Batch batch;
  batch.inbox = std::move(slice);
  BatchResult result = store.run(std::move(batch));
  REQUIRE(result.fate == BatchFate::kCommitted);
  REQUIRE(result.inbox.has_value());
  return *std::move(result.inbox);
}

inline InboxStanding standing(Store& store) {
  const std::vector<InboxStanding> all = store.inbox();
  REQUIRE(all.size() == 1);
  CHECK(all[0].source == kSource);
  return all[0];
}

inline void check_inbox_rows(Store& store) {
  SUBCASE("rows are admitted in order and wake their lanes, and the mark stands behind them") {
    Batch batch;
    batch.operations.emplace_back(Admission{notification(9, "m2"), {}});
    batch.inbox = slice_of(0, {inbox_row(4, 1), inbox_row(7, 2)});
    const BatchResult result = store.run(std::move(batch));
    REQUIRE(result.inbox.has_value());
    CHECK_FALSE(result.inbox->stale);
    REQUIRE(result.inbox->rows.size() == 2);
    CHECK(result.inbox->rows[0].applied == Applied::kApplied);
    CHECK(result.inbox->rows[1].id.value == 2);
    CHECK(result.woken.size() == 2);
    CHECK(ids(page(store, result.inbox->rows[0].lane, DueClass::kFresh)) == std::vector<std::int64_t>{1, 2});
    CHECK(standing(store).mark == 7);
    CHECK(standing(store).mark_seal == "seal of 7");
    CHECK(standing(store).errors == 0);
  }
  SUBCASE("a row whose key and content are known is a duplicate and no error") {
    admit(store, notification(1));
    Notification again = notification(2);
    again.key = notification(1).key;
    again.content_hash = notification(1).content_hash;
    const InboxResult result = take(store, slice_of(0, {{1, Admission{again, {}}, {}, "text", 4}}));
    CHECK(result.rows[0].applied == Applied::kDuplicate);
    CHECK(result.rows[0].id.value == 1);
    CHECK(result.errors == 0);
    CHECK(store.counts().admitted == 1);
  }
  SUBCASE("a key with other content becomes an error, and the rows behind it are admitted") {
    admit(store, notification(1));
    InboxRow conflict = inbox_row(1, 2);
    conflict.admission->notification.key = notification(1).key;
    const InboxResult result = take(store, slice_of(0, {conflict, inbox_row(2, 3)}));
    CHECK(result.rows[0].applied == Applied::kConflict);
    CHECK(result.rows[1].applied == Applied::kApplied);
    CHECK(result.errors == 1);
    const InboxErrorsPage errors = store.inbox_errors({});
    REQUIRE(errors.errors.size() == 1);
    CHECK(errors.errors[0].error.code == ErrorCode::kConflict);
    CHECK(errors.errors[0].error.field == "key");
    CHECK(errors.errors[0].error.message.find(to_string(NotificationId{1})) != std::string::npos);
    CHECK(errors.errors[0].text == "row 1");
    CHECK_FALSE(row_of(store, 2).has_value());
  }
  SUBCASE("two rows of one slice with the same key: the first is admitted") {
    InboxRow second = inbox_row(2, 2);
    second.admission->notification.key = notification(1).key;
    second.admission->notification.content_hash = notification(1).content_hash;
    const InboxResult result = take(store, slice_of(0, {inbox_row(1, 1), second}));
    CHECK(result.rows[1].applied == Applied::kDuplicate);
    CHECK(result.rows[1].id.value == 1);
  }
  SUBCASE("a held row is held") {
    InboxRow held = inbox_row(1, 1);
    held.admission->held_reason = "not activated";
    held.admission->awaits_merchant = true;
    CHECK(take(store, slice_of(0, {held})).rows[0].state == State::kHeld);
    CHECK(store.activation().awaiting.size() == 1);
  }
  check_conserved(store);
}

inline void check_inbox_marks(Store& store) {
  take(store, slice_of(0, {inbox_row(1, 1), inbox_row(2, 2)}));
  SUBCASE("a slice that does not follow the mark is stale and changes nothing") {
    for (const std::int64_t other : {0, 1, 3}) {
      InboxSlice slice = slice_of(other, {inbox_row(other + 1, 7)});
      slice.ended = {{kSource, 1}};
      CHECK(take(store, slice).stale);
    }
    CHECK(standing(store).mark == 2);
    CHECK_FALSE(row_of(store, 7).has_value());
    CHECK(store.counts().admitted == 2);
  }
  SUBCASE("a mark that was moved back lets rows be read again, once each") {
    InboxSlice back = slice_of(2, {});
    back.mark = 0;
    back.mark_seal = "";
    CHECK_FALSE(take(store, back).stale);
    CHECK(standing(store).mark == 0);
    CHECK(standing(store).mark_seal.empty());
    const InboxResult again = take(store, slice_of(0, {inbox_row(1, 1), inbox_row(2, 2), inbox_row(3, 3)}));
    CHECK(again.rows[0].applied == Applied::kDuplicate);
    CHECK(again.rows[1].applied == Applied::kDuplicate);
    CHECK(again.rows[2].applied == Applied::kApplied);
    CHECK(store.counts().admitted == 3);
  }
  SUBCASE("sources have marks of their own") {
    InboxSlice other = slice_of(0, {inbox_row(1, 5)});
    other.source = "other";
    CHECK_FALSE(take(store, other).stale);
    CHECK(store.inbox().size() == 2);
    CHECK_FALSE(take(store, slice_of(2, {inbox_row(3, 6)})).stale);
  }
  check_conserved(store);
}

inline void check_inbox_errors(Store& store) {
  CHECK(take(store, slice_of(0, {bad_row(1), inbox_row(2, 2), bad_row(3), bad_row(5)})).errors == 3);
  SUBCASE("errors are listed by row with what is known about them") {
    const InboxErrorsPage first = store.inbox_errors({{}, 2});
    REQUIRE(first.errors.size() == 2);
    CHECK(first.more);
    CHECK(first.count == 3);
    CHECK(first.errors[0].name == InboxErrorName{kSource, 1});
    CHECK(first.errors[0].at == after(1'000));
    CHECK(first.errors[0].error.code == ErrorCode::kNotFound);
    CHECK(first.errors[0].error.message == "there is no such merchant");
    CHECK(first.errors[0].error.field == "merchant");
    CHECK(first.errors[0].text == "half of");
    CHECK(first.errors[0].text_bytes == 70'000);
    const InboxErrorsPage last = store.inbox_errors({first.errors[1].name, 2});
    REQUIRE(last.errors.size() == 1);
    CHECK(last.errors[0].name.row == 5);
    CHECK_FALSE(last.more);
  }
  SUBCASE("an error that is dealt with is gone, and one that is none is told so") {
    InboxSlice ends = slice_of(5, {});
    ends.ended = {{kSource, 3}, {kSource, 2}, {"other", 1}};
    const InboxResult result = take(store, ends);
    CHECK(result.ended[0].applied == Applied::kApplied);
    CHECK(result.ended[1].applied == Applied::kNotFound);
    CHECK(result.ended[2].applied == Applied::kNotFound);
    CHECK(result.errors == 2);
    CHECK(standing(store).errors == 2);
    CHECK(standing(store).mark == 5);
  }
  SUBCASE("an error of another source is dealt with too") {
    InboxSlice other = slice_of(0, {});
    other.source = "other";
    other.ended = {{kSource, 1}};
    CHECK(take(store, other).ended[0].applied == Applied::kApplied);
    const std::vector<InboxStanding> all = store.inbox();
    CHECK(all[0].errors + all[1].errors == 2);
    CHECK(store.inbox_errors({}).count == 2);
  }
  SUBCASE("a row that is read again ends its error when it is admitted, and keeps one error when it is not") {
    InboxSlice back = slice_of(5, {});
    back.mark = 0;
    take(store, back);
    InboxRow again = bad_row(3);
    again.error.message = "still none";
    CHECK(take(store, slice_of(0, {inbox_row(1, 1), inbox_row(2, 2), again, bad_row(5)})).errors == 2);
    const InboxErrorsPage errors = store.inbox_errors({});
    REQUIRE(errors.errors.size() == 2);
    CHECK(errors.errors[0].error.message == "still none");
    CHECK(standing(store).errors == 2);
  }
  check_conserved(store);
}

}  // namespace ackd::conformance
