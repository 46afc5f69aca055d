// What every Outbox must do about jobs, and every OutboxQueries about what a filter names. Part of conformance.h.
#pragma once

#include "outbox/conformance_store.h"

namespace ackd::conformance {

using Ids = std::vector<std::int64_t>;

inline Ids ids_of(const ListPage& page) {
  Ids found;
  for (const NotificationSummary& row : page.rows) found.push_back(row.id.value);
  return found;
}

inline Ids listed(Store& store, const ListFilter& filter) {
  return ids_of(std::get<ListPage>(*store.ask(filter)));
}

inline Matches matches(Store& store, OperatorVerb verb, const ListFilter& filter = {}) {
  return std::get<Matches>(*store.ask(MatchesQuery{filter, verb}));
}

inline Ids ids_of(const Matches& found) {
  Ids out;
  for (const Match& match : found.rows) out.push_back(match.id.value);
  return out;
}

inline Job job(OperatorVerb verb, std::int64_t below) {
  Job wanted;
  wanted.verb = verb;
  wanted.reason = "an operator's reason";
  wanted.created_at = after(50'000);
  wanted.below = {below};
  return wanted;
}

inline JobSlice slice(JobId id, OperatorVerb verb, const Ids& ids, std::int64_t below) {
  JobSlice step{id, {}, {below}, ids.size() + 1, ids.size(), false, after(60'000)};
  for (const std::int64_t changed : ids) step.changes.push_back(wish(verb, changed));
  return step;
}

inline BatchResult advance(Store& store, const JobSlice& step) {
  Batch batch;
  batch.job = step;
  BatchResult result = store.run(std::move(batch));
  REQUIRE(result.fate == BatchFate::kCommitted);
  REQUIRE(result.job.size() == step.changes.size());
  return result;
}

inline Job job_of(Store& store, JobId id) {
  return std::get<Job>(*store.ask(JobQuery{id}));
}

// A job whose filter has every member.
inline Job full_job() {
  Job wanted = job(OperatorVerb::kCancel, 100);
  wanted.filter.state = State::kPending;
  wanted.filter.provider = "dhpay";
  wanted.filter.merchant = "m1";
  wanted.filter.subject = "order-1";
  wanted.filter.type = "payment";
  wanted.filter.key = "key-1";
  wanted.filter.host = "shop.example:8443";
  wanted.filter.tags = {{"a=b", "1"}, {"empty", ""}};
  wanted.filter.since = after(-5);
  wanted.filter.until = EngineTime::max();
  return wanted;
}

inline void check_jobs(Store& store) {
  const Job wanted = full_job();
  const JobId id = apply(store, JobStart{wanted}).job;

  SUBCASE("a job is kept as it was asked for") {
    const Job kept = job_of(store, id);
    CHECK(kept.id == id);
    CHECK(kept.verb == OperatorVerb::kCancel);
    CHECK_FALSE(kept.dry_run);
    CHECK(kept.state == JobState::kRunning);
    CHECK(kept.reason == wanted.reason);
    CHECK(kept.created_at == wanted.created_at);
    CHECK_FALSE(kept.finished_at.has_value());
    CHECK(kept.below == wanted.below);
    CHECK(kept.filter.state == State::kPending);
    CHECK(kept.filter.provider == "dhpay");
    CHECK(kept.filter.merchant == "m1");
    CHECK(kept.filter.subject == "order-1");
    CHECK(kept.filter.type == "payment");
    CHECK(kept.filter.key == "key-1");
    CHECK(kept.filter.host == "shop.example:8443");
    CHECK(kept.filter.tags == wanted.filter.tags);
    CHECK(kept.filter.since == after(-5));
    CHECK(kept.filter.until == EngineTime::max());
  }
  SUBCASE("a slice makes its changes, moves the cursor and counts, all at once") {
    const LaneId lane = admit(store, notification(1));
    admit(store, notification(2));
    bring_to(store, 3, State::kDelivered);
    const BatchResult result = advance(store, slice(id, OperatorVerb::kCancel, {3, 2, 99}, 2));
    CHECK(result.job[0].applied == Applied::kForbidden);
    CHECK(result.job[1].applied == Applied::kApplied);
    CHECK(result.job[1].state == State::kCancelled);
    CHECK(result.job[2].applied == Applied::kNotFound);
    CHECK(ids(page(store, lane, DueClass::kFresh)) == Ids{1});
    const Job now = job_of(store, id);
    CHECK(now.below.value == 2);
    CHECK(now.looked_at == 4);
    CHECK(now.matched == 3);
    CHECK(now.applied == 1);
    CHECK(now.refused == 2);
    CHECK(now.state == JobState::kRunning);
  }
  SUBCASE("a wish for what is in flight counts as applied") {
    admit(store, notification(1));
    JobSlice step = slice(id, OperatorVerb::kCancel, {1}, 1);
    step.changes[0].in_flight = true;
    CHECK(advance(store, step).job[0].applied == Applied::kIntent);
    CHECK(job_of(store, id).applied == 1);
    CHECK(row_of(store, 1)->row.cancel_asked);
  }
  SUBCASE("a slice sees the operations of its own batch, and its pages see the slice") {
    const LaneId lane = admit(store, notification(1));
    Batch batch;
    batch.operations = {Admission{notification(2), {}}, wish(OperatorVerb::kHold, 1)};
    batch.job = slice(id, OperatorVerb::kRelease, {1}, 1);
    batch.pages.push_back({lane, DueClass::kFresh, EngineTime::max(), 100, 1 << 20, {}});
    const BatchResult result = store.run(std::move(batch));
    CHECK(result.job.at(0).state == State::kPending);
    CHECK(ids(result.pages.at(0)) == Ids{2, 1});
    CHECK(result.woken.size() == 1);
  }
  SUBCASE("a notification that has left the state that the filter names is not changed") {
    bring_to(store, 1, State::kExhausted);
    JobSlice step = slice(id, OperatorVerb::kRetry, {1}, 1);
    step.changes[0].expected_state = State::kPending;
    CHECK(advance(store, step).job[0].applied == Applied::kForbidden);
    CHECK(store.counts().admitted == 1);
    step.changes[0].expected_state = State::kExhausted;
    CHECK(advance(store, step).job[0].id.value == 1'000'001);
  }
  check_conserved(store);
}

inline void check_job_ends(Store& store) {
  const JobId id = apply(store, JobStart{full_job()}).job;

  SUBCASE("the last slice ends it") {
    JobSlice last = slice(id, OperatorVerb::kCancel, {}, 1);
    last.ended = true;
    advance(store, last);
    const Job now = job_of(store, id);
    CHECK(now.state == JobState::kDone);
    CHECK(now.finished_at == after(60'000));
    CHECK(store.running_jobs().empty());
    CHECK(apply(store, JobStop{id, after(70'000)}).applied == Applied::kForbidden);
  }
  SUBCASE("a stopped job keeps what it has done") {
    advance(store, slice(id, OperatorVerb::kCancel, {}, 7));
    const OperationResult stopped = apply(store, JobStop{id, after(70'000)});
    CHECK(stopped.applied == Applied::kApplied);
    CHECK(stopped.job == id);
    const Job now = job_of(store, id);
    CHECK(now.state == JobState::kStopped);
    CHECK(now.finished_at == after(70'000));
    CHECK(now.below.value == 7);
    CHECK(apply(store, JobStop{id, after(80'000)}).applied == Applied::kForbidden);
    CHECK(apply(store, JobStop{{id.value + 1}, after(80'000)}).applied == Applied::kNotFound);
  }
  SUBCASE("those that run are found by whoever opens the store next, those that ended are not") {
    Job counting = job(OperatorVerb::kResend, 50);
    counting.dry_run = true;
    const JobId second = apply(store, JobStart{counting}).job;
    const JobId third = apply(store, JobStart{counting}).job;
    apply(store, JobStop{second, after(70'000)});
    advance(store, slice(id, OperatorVerb::kCancel, {}, 60));
    const std::vector<Job> running = store.running_jobs();
    REQUIRE(running.size() == 2);
    CHECK(running[0].id == id);
    CHECK(running[0].below.value == 60);
    CHECK(running[0].filter.host == "shop.example:8443");
    CHECK(running[1].id == third);
    CHECK(running[1].dry_run);
    const JobsPage newest = std::get<JobsPage>(*store.ask(JobsQuery{{}, 2}));
    REQUIRE(newest.jobs.size() == 2);
    CHECK(newest.jobs[0].id == third);
    CHECK(newest.jobs[1].id == second);
    CHECK(newest.next_before == second);
    const JobsPage rest = std::get<JobsPage>(*store.ask(JobsQuery{second, 2}));
    REQUIRE(rest.jobs.size() == 1);
    CHECK_FALSE(rest.next_before.has_value());
    CHECK_FALSE(store.ask(JobQuery{{4'711}}).ok());
  }
}

inline void check_filters(Store& store) {
  const auto tagged = [&](std::int64_t id, const std::string& origin, const Fields& tags) {
    Notification n = notification(id, id % 2 == 0 ? "even" : "odd");
    n.lane.origin = origin;
    n.tags = tags.empty() ? std::string() : encode({tags, {}});
    admit(store, n);
  };
  tagged(1, "", {{"shop", "a"}});
  tagged(2, "", {{"shop", "a"}, {"till", "7"}});
  tagged(3, "https://shop.example:8443", {{"shop", "b"}});
  tagged(4, "https://shop.example:443", {});
  tagged(5, "https://[2001:db8::1]:443", {{"till", ""}});
  tagged(6, "https://workshop.example:443", {});
  bring_to(store, 7, State::kHeld);
  bring_to(store, 8, State::kExhausted);
  MerchantChange odd{{"dhpay", "odd"}, MerchantRecord{}, 0, kStart};
  odd.record->name = odd.merchant;
  odd.record->url = "https://shop.example/n";
  REQUIRE(apply(store, std::move(odd)).applied == Applied::kApplied);

  SUBCASE("a host is the lane's own, or that of its merchant's URL, with any port or with one") {
    const auto by_host = [&](const std::string& host) {
      ListFilter filter;
      filter.host = host;
      return listed(store, filter);
    };
    CHECK(by_host("shop.example") == Ids{4, 3, 1});
    CHECK(by_host("shop.example:443") == Ids{4, 1});
    CHECK(by_host("shop.example:8443") == Ids{3});
    CHECK(by_host("[2001:db8::1]") == Ids{5});
    CHECK(by_host("[2001:db8::1]:443") == Ids{5});
    CHECK(by_host("example").empty());
    CHECK(by_host("[2001").empty());
    CHECK(by_host("shop.example:44").empty());
  }
  SUBCASE("every tag that is asked for must be there, by name and value") {
    const auto by_tags = [&](Fields tags) {
      ListFilter filter;
      filter.tags = std::move(tags);
      return listed(store, filter);
    };
    CHECK(by_tags({{"shop", "a"}}) == Ids{2, 1});
    CHECK(by_tags({{"till", "7"}, {"shop", "a"}}) == Ids{2});
    CHECK(by_tags({{"till", ""}}) == Ids{5});
    CHECK(by_tags({{"shop", "c"}}).empty());
    CHECK(by_tags({{"shop", "a"}, {"shop", "b"}}).empty());
  }
  SUBCASE("filters combine") {
    ListFilter filter;
    filter.host = "shop.example";
    filter.tags = {{"shop", "a"}};
    CHECK(listed(store, filter) == Ids{1});
    filter.state = State::kHeld;
    CHECK(listed(store, filter).empty());
    filter = {};
    filter.state = State::kPending;
    filter.provider = "dhpay";
    filter.merchant = "even";
    CHECK(listed(store, filter) == Ids{6, 4, 2});
    filter.before = {6};
    filter.limit = 1;
    CHECK(listed(store, filter) == Ids{4});
  }
  SUBCASE("a verb finds what it can change and no more") {
    CHECK(ids_of(matches(store, OperatorVerb::kCancel)) == Ids{7, 6, 5, 4, 3, 2, 1});
    CHECK(ids_of(matches(store, OperatorVerb::kHold)) == Ids{7, 6, 5, 4, 3, 2, 1});
    CHECK(ids_of(matches(store, OperatorVerb::kRetry)) == Ids{8, 7, 6, 5, 4, 3, 2, 1});
    CHECK(ids_of(matches(store, OperatorVerb::kRelease)) == Ids{7});
    CHECK(ids_of(matches(store, OperatorVerb::kResend)) == Ids{8});
    ListFilter filter;
    filter.state = State::kPending;
    CHECK(matches(store, OperatorVerb::kResend, filter).rows.empty());
    filter.tags = {{"shop", "a"}};
    CHECK(ids_of(matches(store, OperatorVerb::kHold, filter)) == Ids{2, 1});
  }
  SUBCASE("each match says how many rows were looked at, so that a part of them can be taken") {
    ListFilter filter;
    filter.merchant = "even";
    filter.limit = 2;
    const Matches first = matches(store, OperatorVerb::kCancel, filter);
    REQUIRE(ids_of(first) == Ids{6, 4});
    CHECK(first.rows[0].looked_at == 3);
    CHECK(first.rows[1].looked_at == 5);
    CHECK(first.looked_at == 5);
    REQUIRE(first.next_before.has_value());
    CHECK(first.next_before->value == 4);
    filter.before = *first.next_before;
    const Matches rest = matches(store, OperatorVerb::kCancel, filter);
    CHECK(ids_of(rest) == Ids{2});
    CHECK(rest.looked_at == 3);
    CHECK_FALSE(rest.next_before.has_value());
  }
}

}  // namespace ackd::conformance
