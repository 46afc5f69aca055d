#include "policy/outage.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace ackd {
namespace {

constexpr EngineTime kStart{1'772'366'400'000};

// Notes on virtual time. Hosts have numbers here.
struct Fixture {
  explicit Fixture(std::size_t hosts_min = 5) : outage(hosts_min, kStart) {}

  void pass(Duration by) {
    now = now + by;
    outage.advance(now);
    look();
  }
  void note(int host, Contact contact) {
    outage.note(name(host), contact, now);
    look();
  }
  void fail(int from, int to) {
    for (int host = from; host <= to; ++host) note(host, Contact::kFailed);
  }
  void reach(int from, int to) {
    for (int host = from; host <= to; ++host) note(host, Contact::kReached);
  }
  void look() {
    if (const auto change = outage.take_change()) changes.push_back(*change);
    const std::optional<EngineTime> next = outage.next_change();
    CHECK_FALSE((next && *next <= now));
    CHECK((outage.suspended() || !next));
  }
  static std::string name(int host) { return "http://host" + std::to_string(host) + ".example:80"; }
  bool doubts(int host) const { return outage.doubts(name(host), now); }

  EngineTime now = kStart;
  Outage outage;
  std::vector<OutageChange> changes;
};

using Changes = std::vector<OutageChange>;

}  // namespace

TEST_CASE("five hosts that fail within a minute suspend, four do not") {
  Fixture f;
  f.fail(1, 4);
  f.fail(1, 4);
  CHECK_FALSE(f.outage.suspended());
  f.pass(Duration(59'999));
  f.fail(5, 5);
  CHECK(f.outage.suspended());
  CHECK(f.outage.since() == f.now);
  CHECK(f.changes == Changes{OutageChange::kSuspended});
  CHECK(f.outage.failing() == 5);
}

TEST_CASE("what failed more than a minute ago does not count") {
  Fixture f;
  f.fail(1, 4);
  f.pass(Duration(60'000));
  f.fail(5, 8);
  CHECK_FALSE(f.outage.suspended());
  CHECK(f.outage.failing() == 4);
  CHECK(f.outage.standing(Fixture::name(1)) == HostStanding::kUnknown);
  CHECK(f.outage.standing(Fixture::name(5)) == HostStanding::kFailing);
}

TEST_CASE("three dead hosts for a living one are ordinary, more are not") {
  Fixture f;
  f.reach(1, 10);
  f.fail(11, 40);
  CHECK_FALSE(f.outage.suspended());
  f.fail(41, 41);
  CHECK(f.outage.suspended());
}

TEST_CASE("a host counts by what came of it last, and what says nothing changes nothing") {
  Fixture f;
  f.reach(1, 4);
  f.fail(1, 4);
  f.note(5, Contact::kSaysNothing);
  CHECK(f.outage.failing() == 4);
  CHECK(f.outage.reached() == 0);
  CHECK(f.outage.standing(Fixture::name(5)) == HostStanding::kUnknown);
  f.note(1, Contact::kSaysNothing);
  CHECK(f.outage.standing(Fixture::name(1)) == HostStanding::kFailing);
  f.reach(1, 1);
  CHECK(f.outage.failing() == 3);
}

TEST_CASE("nothing is ever suspended or doubted where it is switched off") {
  Fixture f(0);
  f.fail(1, 100);
  CHECK_FALSE(f.outage.suspended());
  CHECK_FALSE(f.doubts(1));
  CHECK(f.outage.failing() == 100);  // known all the same
}

TEST_CASE("it is over once as many of the hosts tried answer as still fail") {
  Fixture f;
  f.fail(1, 12);
  f.pass(Duration(5'000));
  f.reach(1, 5);
  CHECK(f.outage.suspended());
  f.reach(6, 6);
  CHECK_FALSE(f.outage.suspended());
  CHECK(f.changes == Changes{OutageChange::kSuspended, OutageChange::kAnswering});
}

TEST_CASE("after an outage that is long the few hosts that are tried are enough") {
  Fixture f;
  f.fail(1, 1'000);
  for (int i = 0; i < 100; ++i) {
    f.pass(Duration(30'000));
    f.fail(i, i);
  }
  CHECK(f.outage.suspended());
  CHECK(f.outage.failing() == 2);
  f.reach(500, 500);
  f.reach(501, 501);
  CHECK_FALSE(f.outage.suspended());
}

TEST_CASE("hosts that answer all the while do not end it: they are no sample of the others") {
  Fixture f;
  f.reach(1, 20);
  f.fail(101, 161);
  REQUIRE(f.outage.suspended());
  // Trials are few, so that fewer and fewer hosts count as failing; more answer all the time.
  for (int i = 0; i < 150; ++i) {
    f.pass(Duration(1'000));
    f.reach(1, 20);
    if (i % 4 == 0) f.fail(101 + i, 101 + i);
  }
  CHECK(f.outage.failing() < f.outage.reached());
  CHECK(f.outage.suspended());
}

TEST_CASE(
    "where others are reached for ten minutes, those that fail are dead, and only everybody suspends for an hour") {
  Fixture f;
  f.reach(1, 2);
  f.fail(11, 22);
  REQUIRE(f.outage.suspended());
  const auto live = [&](Duration duration, bool somebody_answers) {
    for (Duration passed(0); passed < duration; passed += Duration(20'000)) {
      f.pass(Duration(20'000));
      if (somebody_answers) f.reach(1, 2);
      f.fail(11, 22);
    }
  };
  live(Duration(580'000), true);
  CHECK(f.outage.suspended());
  live(Duration(20'000), true);
  CHECK_FALSE(f.outage.suspended());
  CHECK(f.changes.back() == OutageChange::kOthersAnswer);
  live(Duration(3'560'000), true);
  CHECK_FALSE(f.outage.suspended());
  live(Duration(60'000), true);
  CHECK(f.outage.suspended());

  live(Duration(600'000), true);
  CHECK_FALSE(f.outage.suspended());
  live(Duration(80'000), false);
  CHECK(f.outage.reached() == 0);
  CHECK(f.outage.suspended());
}

TEST_CASE("a minute in which nobody is reached makes the ten minutes begin anew") {
  Fixture f;
  f.reach(1, 2);
  f.fail(11, 22);
  for (int i = 0; i < 100; ++i) {
    f.pass(Duration(30'000));
    f.fail(11, 22);
    if (i % 10 < 7) f.reach(1, 2);
  }
  CHECK(f.outage.suspended());
  CHECK(f.changes.size() == 1);
}

TEST_CASE("it is over when nothing has failed for five minutes") {
  Fixture f;
  f.fail(1, 5);
  f.pass(Duration(299'999));
  CHECK(f.outage.suspended());
  CHECK(f.outage.next_change() == f.now + Duration(1));
  f.pass(Duration(1));
  CHECK_FALSE(f.outage.suspended());
  CHECK(f.changes.back() == OutageChange::kQuiet);
}

TEST_CASE("as long as nobody is reached at all it lasts") {
  Fixture f;
  f.fail(1, 5);
  for (int i = 0; i < 3'000; ++i) {
    f.pass(Duration(60'000));
    f.fail(i % 5 + 1, i % 5 + 1);
  }
  CHECK(f.outage.suspended());
  CHECK(f.changes.size() == 1);
}

TEST_CASE("a failure is doubted until somebody else answers, for a minute at most") {
  Fixture f;
  f.fail(1, 2);
  CHECK(f.doubts(1));
  CHECK_FALSE(f.doubts(3));
  f.pass(Duration(1'000));
  f.reach(3, 3);  // may have been on its way
  f.fail(1, 1);
  CHECK(f.doubts(1));
  f.pass(Duration(1));
  f.reach(3, 3);
  CHECK_FALSE(f.doubts(1));
  CHECK_FALSE(f.doubts(3));

  f.fail(4, 4);
  CHECK(f.doubts(4));
  for (int i = 0; i < 3; ++i) {
    f.pass(Duration(19'999));
    f.fail(4, 4);
    CHECK(f.doubts(4));
  }
  f.pass(Duration(3));
  CHECK_FALSE(f.doubts(4));
}

TEST_CASE("a host that was reached until now is doubted from its first failure on") {
  Fixture f;
  f.reach(1, 3);
  f.pass(Duration(50'000));
  f.reach(1, 3);
  f.pass(Duration(50'000));
  f.fail(1, 2);
  CHECK(f.doubts(1));
  f.pass(Duration(5'000));
  f.reach(3, 3);
  f.fail(1, 1);
  CHECK_FALSE(f.doubts(1));
}

TEST_CASE("a host that fails alone is doubted for ten seconds") {
  Fixture f;
  f.fail(1, 1);
  f.pass(Duration(9'999));
  f.fail(1, 1);
  CHECK(f.doubts(1));
  f.pass(Duration(1));
  CHECK_FALSE(f.doubts(1));
  f.fail(2, 2);
  CHECK(f.doubts(1));
}

TEST_CASE("trials of the unknown come every second, those of the dead ever more seldom") {
  Fixture f;
  f.fail(1, 5);
  const auto wait = [&](HostStanding standing) { return f.outage.next_trial(standing) - f.now; };
  CHECK(wait(HostStanding::kUnknown) == Duration(0));
  CHECK(wait(HostStanding::kFailing) == Duration(1'000));
  for (const int seconds : {1, 2, 4, 8, 16, 30, 30}) {
    f.now = f.outage.next_trial(HostStanding::kFailing);
    f.outage.trial_started(HostStanding::kFailing, f.now);
    CHECK(wait(HostStanding::kFailing) == Duration(seconds * 1'000));
    f.outage.trial_started(HostStanding::kUnknown, f.now);
    CHECK(wait(HostStanding::kUnknown) == Duration(1'000));
  }
}

TEST_CASE("once somebody is found to answer the next are tried at once") {
  Fixture f;
  f.fail(1, 50);
  for (int i = 0; i < 10; ++i) f.outage.trial_started(HostStanding::kFailing, f.now);
  f.pass(Duration(2'000));
  f.reach(1, 1);
  REQUIRE(f.outage.suspended());
  CHECK(f.outage.next_trial(HostStanding::kFailing) == f.now);
  CHECK(f.outage.next_trial(HostStanding::kUnknown) == f.now);
  f.outage.trial_started(HostStanding::kUnknown, f.now);
  CHECK(f.outage.next_trial(HostStanding::kUnknown) == f.now);
  for (int i = 0; i < 3; ++i) {
    f.outage.trial_started(HostStanding::kFailing, f.now);
    CHECK(f.outage.next_trial(HostStanding::kFailing) == f.now + Duration(1'000));
  }
}

TEST_CASE("examples are the latest hosts that fail") {
  Fixture f;
  f.fail(1, 3);
  f.reach(4, 4);
  f.fail(2, 2);
  CHECK(f.outage.examples(2) == std::vector<std::string>{Fixture::name(2), Fixture::name(3)});
}

TEST_CASE("however many hosts there are, the latest are remembered") {
  Fixture f(1'000'000);
  const int most = static_cast<int>(Outage::kHostsMax);
  f.reach(1, 5);
  f.fail(6, most + 5);
  CHECK(f.outage.failing() == Outage::kHostsMax);
  CHECK(f.outage.reached() == 0);
  CHECK(f.outage.standing(Fixture::name(5)) == HostStanding::kUnknown);
  CHECK(f.outage.standing(Fixture::name(6)) == HostStanding::kFailing);
  f.fail(6, 6);
  f.fail(most + 6, most + 6);
  CHECK(f.outage.standing(Fixture::name(6)) == HostStanding::kFailing);
  CHECK(f.outage.standing(Fixture::name(7)) == HostStanding::kUnknown);
  f.pass(Outage::kWindow);
  CHECK(f.outage.failing() == 0);
}

}  // namespace ackd
