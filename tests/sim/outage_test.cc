// Outages on virtual time, without chaos: what they cost, how they are found out and how sending comes back.
#include <doctest/doctest.h>

#include <optional>
#include <string>

#include "engine/suspending.h"
#include "sim/calm_fixture.h"

namespace ackd::sim {
namespace {

constexpr TransferEnd kEnds[] = {TransferEnd::kConnectTimeout, TransferEnd::kConnectRefused, TransferEnd::kNameNotFound,
                                 TransferEnd::kResolverFailed};

}  // namespace

TEST_CASE("an outage of two hours exhausts nothing, asks little, and everything is delivered after it") {
  for (const TransferEnd end : kEnds) {
    const std::string name = name_of(end);
    CAPTURE(name);
    Fixture f(20);
    f.admit_all(20, 3);
    f.run(std::chrono::seconds(50));
    CHECK(f.count(State::kDelivered) == 60);
    CHECK(f.stats().sending == SendingState::kOn);

    f.cut(end);
    const BootTime cut_at = f.world.boot;
    std::optional<BootTime> suspended_at;
    f.on_turn = [&](const EngineStats& stats) {
      if (!suspended_at && stats.sending == SendingState::kSuspended) suspended_at = f.world.boot;
      if (suspended_at && f.world.boot > *suspended_at + Duration(5'000)) {
        CHECK(stats.in_flight <= Suspending::kTrialsMax);
      }
    };
    f.admit_all(20, 5);
    f.run(std::chrono::seconds(60));
    REQUIRE(suspended_at);
    CHECK(*suspended_at - cut_at <= Duration(10'000));
    const std::size_t attempts = f.attempts();
    const std::size_t sends = f.world.witness.sends();
    f.admit_all(20, 50);
    f.run(std::chrono::hours(2));
    CHECK(f.attempts() == attempts);
    CHECK(f.world.witness.sends() - sends <= 7'200);
    CHECK(f.process->events.count<AttemptNotSent>() <= 10);
    CHECK(f.process->events.count<MoreNotSent>() <= 122);

    std::optional<BootTime> reached_at;
    f.on_turn = [&](const EngineStats& stats) {
      if (!reached_at && stats.hosts_reached > 0) reached_at = f.world.boot;
      if (stats.sending != SendingState::kRamping) return;
      const std::int64_t steps = (stats.now - stats.sending_since) / Ramp::kStep;
      CHECK(stats.in_flight <= Suspending::kTrialsMax + Ramp::kFirst + 64 * static_cast<std::size_t>(steps));
    };
    f.world.end_outage();
    const BootTime ended_at = f.world.boot;
    while (f.stats().sending == SendingState::kSuspended && f.world.boot < ended_at + std::chrono::minutes(2)) {
      f.run(Duration(100));
    }
    MESSAGE(name << ": suspended after " << (*suspended_at - cut_at).count() << " ms, "
                 << f.world.witness.sends() - sends << " requests in two hours, resumed "
                 << (f.world.boot - ended_at).count() << " ms after its end");
    // The next trial is half a minute away at most. The hosts tried last, as many as fail, are closed for as long
    // again.
    REQUIRE(reached_at);
    CHECK(*reached_at - ended_at <= Outage::kTrialDelayMax + Duration(1'000));
    CHECK(f.world.boot - *reached_at <= Duration(31'000));
    f.run(std::chrono::minutes(3));
    CHECK(f.count(State::kDelivered) == f.world.record.rows.size());
    CHECK(f.stats().sending == SendingState::kOn);
    CHECK(f.process->events.count<SendingSuspended>() == 1);
    CHECK(f.process->events.count<SendingResumed>() == 1);
    f.check_witness();
  }
}

TEST_CASE("without a suspension the same outage exhausts what was due in it") {
  Fixture f(20, 0);
  f.cut(TransferEnd::kConnectTimeout);
  f.admit_all(20);
  f.run(std::chrono::minutes(5));
  CHECK(f.count(State::kExhausted) == 20);
}

TEST_CASE("what is at its last attempt when an outage begins is not exhausted by it, also after a restart") {
  Fixture f(20);
  f.world.faults = true;
  for (auto& [id, temper] : f.world.tempers) temper = Temper::kLying;
  f.admit_all(20);
  f.run(std::chrono::seconds(25));  // three of four attempts, all of which were answered
  CHECK(f.attempts() == 60);
  f.cut(TransferEnd::kConnectRefused);
  SUBCASE("in the same process") {}
  SUBCASE("after a restart") {
    f.restart();
  }
  f.run(std::chrono::hours(1));
  CHECK(f.stats().sending == SendingState::kSuspended);
  CHECK(f.attempts() == 60);
  f.world.end_outage();
  f.world.faults = false;
  f.run(std::chrono::minutes(3));
  CHECK(f.count(State::kDelivered) == 20);
  f.check_witness();
}

TEST_CASE("one that answers is sent to as ever while twelve are dead, and these are exhausted in the end") {
  Fixture f(13);
  f.cut(TransferEnd::kConnectTimeout, "http://" + Fixture::host(0) + ":80");
  for (int i = 1; i < 13; ++i) f.admit(i);
  const auto live = [&](Duration duration) {
    for (Duration passed(0); passed < duration; passed += Duration(20'000)) {
      f.admit(0);
      f.run(Duration(200));
      CHECK(f.world.record.rows.rbegin()->second.state == State::kDelivered);
      f.run(Duration(19'800));
    }
  };
  live(std::chrono::minutes(10));
  CHECK(f.stats().sending == SendingState::kSuspended);
  CHECK(f.count(State::kExhausted) == 0);
  live(std::chrono::minutes(4));
  CHECK(f.stats().sending == SendingState::kOn);
  CHECK(f.count(State::kExhausted) == 12);
  for (int i = 1; i < 13; ++i) f.admit(i);
  live(std::chrono::minutes(4));
  CHECK(f.count(State::kExhausted) == 24);
  CHECK(f.process->events.count<SendingSuspended>() == 1);
  f.check_witness();
}

TEST_CASE("a new merchant that answers waits for no dead one") {
  Fixture f(40);
  f.cut(TransferEnd::kConnectTimeout);
  for (int i = 1; i < 40; ++i) f.admit(i);
  f.run(std::chrono::minutes(20));
  REQUIRE(f.stats().sending == SendingState::kSuspended);
  f.world.outage->spared = "http://" + Fixture::host(0) + ":80";
  f.admit(0);
  f.run(Duration(7'000));
  CHECK(f.count(State::kDelivered) == 1);
  for (int i = 0; i < 20; ++i) f.admit(0);
  f.run(Duration(1'000));
  CHECK(f.count(State::kDelivered) == 21);
  CHECK(f.stats().sending == SendingState::kSuspended);
}

TEST_CASE("a dead merchant among living ones is exhausted on its schedule, within seconds") {
  Fixture f(10);
  f.world.tempers["m0"] = Temper::kRefusing;
  f.world.faults = true;
  f.admit(0);
  for (int second = 0; second < 40; ++second) {
    f.admit(1 + second % 9);
    f.run(Duration(1'000));
  }
  const ModelRow& dead = f.world.record.rows.begin()->second;
  CHECK(dead.state == State::kExhausted);
  CHECK(dead.attempts.size() == 4);
  CHECK(dead.attempts.back().ended_at - dead.attempts.front().ended_at <= Duration(35'000));
}

TEST_CASE("a dead merchant alone is exhausted within half a minute of its last attempt") {
  Fixture f(1);
  f.cut(TransferEnd::kConnectRefused);
  f.admit(0);
  f.run(std::chrono::seconds(60));
  CHECK(f.count(State::kExhausted) == 1);
  CHECK(f.attempts() == 4);
}

TEST_CASE("a resolver that is down for a thousand lanes does not flood the log") {
  Fixture f(1'000);
  f.cut(TransferEnd::kResolverFailed);
  f.admit_all(1'000);
  f.run(std::chrono::minutes(10));
  CHECK(f.process->engine.stats().not_sent > 400);
  CHECK(f.process->events.count<AttemptNotSent>() <= 10);
  CHECK(f.process->events.count<MoreNotSent>() >= 1);
  CHECK(f.process->events.count<MoreNotSent>() <= 11);
  CHECK(f.process->events.count<SendingSuspended>() == 1);
}

}  // namespace ackd::sim
