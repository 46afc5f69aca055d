// Jobs in the engine: what a slice is made of, when there is none, and what a batch's end does to it. The outbox and
// the reader are played by the test; the simulator runs jobs against everything else.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"

namespace ackd {
namespace {

using Ids = std::vector<std::int64_t>;

struct ScriptedOutbox final : Outbox {
  void submit(Batch batch) override { in_flight = std::move(batch); }
  std::optional<BatchResult> take_result() override { return std::exchange(result, std::nullopt); }
  std::vector<LaneHead> take_arrivals() override { return std::exchange(arrivals, {}); }
  DiskBand disk_band() const override { return band; }

  std::optional<Batch> in_flight;
  std::optional<BatchResult> result;
  std::vector<LaneHead> arrivals;
  DiskBand band = DiskBand::kPlenty;
};

struct ScriptedReader final : OutboxQueries {
  bool room() const override { return true; }
  void start(Ticket ticket, Query query) override { asked.emplace_back(ticket, std::get<MatchesQuery>(query)); }
  std::vector<FinishedQuery> take_finished() override { return std::exchange(finished, {}); }

  std::vector<std::pair<Ticket, MatchesQuery>> asked;
  std::vector<FinishedQuery> finished;
};

// Takes everything and finishes what the test says.
struct SlowSigner final : Signer {
  bool room() const override { return true; }
  void start(SignStart start) override { signing[start.id] = start.ticket; }
  std::vector<Signing> take_finished() override { return std::exchange(finished, {}); }

  std::map<NotificationId, Ticket> signing;
  std::vector<Signing> finished;
};

struct NoTransport final : Transport {
  bool room() const override { return true; }
  void start(TransferStart) override {}
  std::vector<Transfer> take_finished() override { return {}; }
  void abort_all() override {}
};
struct NoInFlight final : InFlight {
  void enter(const InFlightEntry&) override {}
  void leave(NotificationId) override {}
  bool room() const override { return true; }
  std::vector<InFlightEntry> survivors() const override { return {}; }
};
struct Remembered final : Events {
  void on(const Event& event) override {
    if (std::holds_alternative<JobStarted>(event)) ++started;
    if (const auto* end = std::get_if<JobEnded>(&event)) ended = end->job;
  }
  int started = 0;
  std::optional<Job> ended;
};
struct NoRng final : Rng {
  std::uint64_t next() override { return 1; }
};

Job job(OperatorVerb verb, std::int64_t id = 1) {
  Job made;
  made.id = {id};
  made.verb = verb;
  made.reason = "because";
  made.below = {1'000};
  return made;
}

class Fixture {
 public:
  explicit Fixture(std::vector<Job> running) {
    EngineOptions options;
    options.job_rows = 3;
    merchants.put({"provider", "m", "http://m.example/", {}, {}});
    engine.emplace(
        options,
        EngineParts{outbox, in_flight, signer, transport, catalogue, merchants, events, rng, activations, reader},
        EngineStart{now, {5'000}, {}, {}, std::move(running)});
    turn();
    commit();
  }

  TurnResult turn(Duration after = Duration(1)) {
    now.wall = now.wall + after;
    now.boot = now.boot + after;
    return engine->turn(now);
  }
  // The batch in flight as the outbox would carry it out, and the turn that learns of it.
  void commit() {
    REQUIRE(outbox.in_flight);
    const Batch batch = *std::exchange(outbox.in_flight, std::nullopt);
    BatchResult result;
    result.scan_complete = true;
    for (std::size_t i = 0; i < batch.operations.size(); ++i) {
      OperationResult one;
      one.job = {static_cast<std::int64_t>(40 + i)};
      if (std::holds_alternative<Settlement>(batch.operations[i])) one.state = State::kHeld;
      result.results.push_back(one);
    }
    result.operations = batch.operations;
    if (batch.job) result.job.resize(batch.job->changes.size(), done);
    for (const PageRequest& page : batch.pages) {
      result.pages.push_back({page.lane, page.due_class, {}, EngineTime::max()});
      const auto row = std::find_if(due.begin(), due.end(), [&](auto& each) { return each.key.lane == page.lane; });
      if (row == due.end() || page.due_class != DueClass::kFresh) continue;
      result.pages.back().rows.push_back(*row);
      due.erase(row);
    }
    outbox.result = std::move(result);
    turn();
  }
  void fail() {
    REQUIRE(outbox.in_flight);
    BatchResult failed;
    failed.fate = BatchFate::kFailed;
    failed.operations = std::exchange(outbox.in_flight, std::nullopt)->operations;
    outbox.result = std::move(failed);
    turn();
  }
  // The reader answers the oldest question with these ids, one in two rows that it looked at.
  void answer(const Ids& ids, std::optional<std::int64_t> next_before = std::nullopt) {
    REQUIRE_FALSE(reader.asked.empty());
    Matches matches;
    for (const std::int64_t id : ids) matches.rows.push_back({{id}, 2 * (matches.rows.size() + 1)});
    matches.looked_at = 2 * ids.size() + 1;
    if (next_before) matches.next_before = NotificationId{*next_before};
    reader.finished.push_back({reader.asked.front().first, QueryAnswer(matches)});
    reader.asked.erase(reader.asked.begin());
    turn();
  }
  // Has these notifications start; they are being signed from then on.
  void fly(const Ids& ids) {
    for (const std::int64_t id : ids) {
      const LaneKey key{"provider", "m", "http://host" + std::to_string(id)};
      outbox.arrivals.push_back({{id}, key, {EngineTime{1}, EngineTime::max()}});
      DueNotification row;
      row.key = {{id}, DueClass::kFresh, {1}, {id}};
      due.push_back(row);
    }
    turn();
    for (int batches = 0; batches < 3 && signer.signing.size() < ids.size(); ++batches) commit();
    REQUIRE(signer.signing.size() == ids.size());
  }
  const JobSlice& slice() {
    REQUIRE(outbox.in_flight);
    REQUIRE(outbox.in_flight->job);
    return *outbox.in_flight->job;
  }
  Ids changed() {
    Ids ids;
    for (const OperatorChange& change : slice().changes) ids.push_back(change.id.value);
    return ids;
  }

  Moment now{{1'772'366'400'000}, {1'000'000}};
  ScriptedOutbox outbox;
  ScriptedReader reader;
  SlowSigner signer;
  NoTransport transport;
  NoInFlight in_flight;
  Remembered events;
  NoRng rng;
  ProfileCatalogue catalogue;
  MerchantDirectory merchants;
  Activations activations;
  std::optional<Engine> engine;
  std::vector<DueNotification> due;
  OperationResult done;
};

}  // namespace

TEST_CASE("a job goes on below its cursor, a few changes a batch, and ends where nothing is left") {
  Job begun = job(OperatorVerb::kCancel);
  begun.filter.state = State::kPending;
  begun.matched = 50;
  Fixture f({begun});
  CHECK(f.events.started == 1);
  REQUIRE(f.reader.asked.size() == 1);
  CHECK(f.reader.asked[0].second.verb == OperatorVerb::kCancel);
  CHECK(f.reader.asked[0].second.filter.before.value == 1'000);
  CHECK(f.reader.asked[0].second.filter.state == State::kPending);
  f.answer({900, 800, 700, 600, 500}, 450);
  CHECK(f.changed() == Ids{900, 800, 700});
  CHECK(f.slice().below.value == 700);
  CHECK(f.slice().looked_at == 6);
  CHECK(f.slice().matched == 3);
  const OperatorChange& change = f.slice().changes.front();
  CHECK(change.verb == OperatorVerb::kCancel);
  CHECK(change.reason == "because");
  CHECK(change.expected_state == State::kPending);
  CHECK(change.replay_id.value > 5'000);
  CHECK_FALSE(change.in_flight);
  f.commit();
  CHECK(f.changed() == Ids{600, 500});
  CHECK(f.slice().below.value == 450);
  CHECK(f.slice().looked_at == 5);
  CHECK_FALSE(f.slice().ended);
  f.commit();
  REQUIRE(f.reader.asked.size() == 1);
  CHECK(f.reader.asked[0].second.filter.before.value == 450);
  f.done.applied = Applied::kForbidden;
  f.answer({400});
  CHECK(f.slice().ended);
  f.commit();
  REQUIRE(f.events.ended);
  CHECK(f.events.ended->matched == 56);
  CHECK(f.events.ended->applied == 5);
  CHECK(f.events.ended->refused == 1);
  CHECK(f.events.ended->looked_at == 14);
  CHECK(f.reader.asked.empty());
  CHECK_FALSE(f.outbox.in_flight);
}

TEST_CASE("a new job begins below everything that is admitted from then on") {
  Fixture f({});
  f.engine->start_job(7, job(OperatorVerb::kHold));
  f.turn();
  REQUIRE(f.outbox.in_flight);
  CHECK(std::get<JobStart>(f.outbox.in_flight->operations.at(0)).job.below.value == 5'001);
  CHECK(f.engine->take_answers().empty());
  f.commit();
  const std::vector<Answer> answers = f.engine->take_answers();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].items.at(0)->job.value == 40);
  CHECK(f.reader.asked.at(0).second.filter.before.value == 5'001);
}

TEST_CASE("jobs take turns") {
  Fixture f({job(OperatorVerb::kCancel, 1), job(OperatorVerb::kHold, 2)});
  f.answer({90, 80, 70, 60}, 50);
  f.answer({91, 81, 71, 61}, 50);
  CHECK(f.slice().job.value == 1);
  f.commit();
  CHECK(f.slice().job.value == 2);
  f.commit();
  CHECK(f.slice().job.value == 1);
}

TEST_CASE("what is in flight takes a cancel as a wish, and is left to the outbox to refuse otherwise") {
  for (const OperatorVerb verb : {OperatorVerb::kCancel, OperatorVerb::kRetry}) {
    Fixture f({job(verb)});
    f.fly({900});
    f.answer({900, 800});
    CHECK(f.changed() == Ids{900, 800});
    CHECK(f.slice().changes[0].in_flight);
    CHECK_FALSE(f.slice().changes[1].in_flight);
  }
}

TEST_CASE("a slice ends before what is being settled, and goes on after that commit") {
  Fixture f({job(OperatorVerb::kHold)});
  f.fly({800, 900});
  // Both end, held for want of a key, while the reader names them.
  for (const auto& [id, ticket] : f.signer.signing) f.signer.finished.push_back({ticket, invalid("no key")});
  if (f.outbox.in_flight) f.commit();
  f.answer({950, 900, 800, 700});
  CHECK(f.changed() == Ids{950});
  CHECK(f.slice().below.value == 950);
  CHECK(f.slice().looked_at == 2);
  CHECK(f.outbox.in_flight->operations.size() == 2);
  f.commit();
  CHECK(f.changed() == Ids{900, 800, 700});
  CHECK(f.slice().looked_at == 7);
}

TEST_CASE("a job whose next one is busy waits for the commit and does not spin") {
  Fixture f({job(OperatorVerb::kHold)});
  f.engine->change(1, {OperatorChange{OperatorVerb::kCancel, {900}, {}, {}, false, {}, {}}});
  f.answer({900});
  REQUIRE(f.outbox.in_flight);
  CHECK_FALSE(f.outbox.in_flight->job);
  const TurnResult idle = f.turn();
  // Only to see whether the disk hangs.
  CHECK(idle.wake_at.value_or(EngineTime::min()) > f.engine->stats().now + std::chrono::seconds(1));
  f.commit();
  CHECK(f.changed() == Ids{900});
}

TEST_CASE("a failed batch gives the slice back") {
  Fixture f({job(OperatorVerb::kCancel)});
  f.fly({900});
  f.answer({900, 800});
  f.fail();
  CHECK_FALSE(f.outbox.in_flight);
  f.turn(Duration(10'000));
  CHECK(f.changed() == Ids{900, 800});
  CHECK(f.slice().changes[0].in_flight);
  CHECK(f.slice().below.value == 1);
  f.commit();
  CHECK(f.events.ended->applied == 2);
}

TEST_CASE("a stopped job makes no slice any more, and what was read for it is dropped") {
  Fixture f({job(OperatorVerb::kCancel)});
  f.engine->stop_job(3, {1});
  f.answer({900});
  REQUIRE(f.outbox.in_flight);
  CHECK_FALSE(f.outbox.in_flight->job);
  SUBCASE("recorded") {
    f.commit();
    CHECK(f.events.ended->state == JobState::kStopped);
    CHECK_FALSE(f.outbox.in_flight);
  }
  SUBCASE("a stop that could not be recorded did not happen") {
    f.fail();
    CHECK_FALSE(f.engine->take_answers().at(0).items.at(0).ok());
    f.turn(Duration(10'000));
    CHECK(f.changed() == Ids{900});
  }
}

TEST_CASE("no slice while draining or on a low disk; a dry run changes nothing") {
  Job counting = job(OperatorVerb::kResend);
  counting.dry_run = true;
  Fixture f({counting});
  CHECK(f.reader.asked.at(0).second.filter.limit == kListScanMax);
  f.outbox.band = DiskBand::kLow;
  f.answer({900, 800, 700, 600, 500}, 400);
  CHECK_FALSE(f.outbox.in_flight);
  f.outbox.band = DiskBand::kPlenty;
  f.turn();
  CHECK(f.slice().changes.empty());
  CHECK(f.slice().matched == 5);
  CHECK(f.slice().below.value == 400);
  f.commit();
  f.engine->begin_drain();
  f.answer({300});
  CHECK_FALSE(f.outbox.in_flight);
  CHECK(f.engine->drained());
}

TEST_CASE("a reader that could not answer is asked again, later") {
  Fixture f({job(OperatorVerb::kCancel)});
  f.reader.finished.push_back({f.reader.asked.front().first, Error{ErrorCode::kUnavailable, "busy", {}}});
  f.reader.asked.clear();
  const TurnResult turn = f.turn();
  CHECK(f.reader.asked.empty());
  REQUIRE(turn.wake_at.has_value());
  CHECK(*turn.wake_at > f.engine->now());
  f.turn(*turn.wake_at - f.engine->now());
  CHECK(f.reader.asked.size() == 1);
}

}  // namespace ackd
