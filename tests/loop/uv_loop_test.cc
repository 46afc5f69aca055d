#include "loop/uv_loop.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "loop/system_rng.h"
#include "loop/uv_clock.h"

namespace ackd {
namespace {

TEST_CASE("a turn runs once after a batch of callbacks, before the loop sleeps") {
  UvLoop loop;
  int fired = 0;
  int turns = 0;
  Timer first(loop, [&] { ++fired; });
  Timer second(loop, [&] { ++fired; });
  first.arm(Duration(0));
  second.arm(Duration(0));
  std::vector<int> fired_at_turn;
  loop.run([&] {
    fired_at_turn.push_back(fired);
    if (++turns == 2 || fired == 2) loop.stop();
  });
  CHECK(fired_at_turn.back() == 2);
  CHECK(fired_at_turn.size() <= 2);
}

TEST_CASE("turn_again gives one more turn and not an endless row of them") {
  UvLoop loop;
  Timer end(loop, [&] { loop.stop(); });
  int turns = 0;
  end.arm(Duration(30));
  loop.run([&] {
    if (++turns == 1) loop.turn_again();
  });
  CHECK(turns >= 2);
  CHECK(turns <= 4);
}

TEST_CASE("a signal from another thread ends the sleep") {
  UvLoop loop;
  Wakeup wakeup(loop);
  int turns = 0;
  std::jthread other([&] { wakeup.signal(); });
  // No timer is armed: without the wakeup this would sleep for ever and the test run would be cut off.
  loop.run([&] {
    if (++turns == 2) loop.stop();
  });
  CHECK(turns == 2);
}

TEST_CASE("a timer is not early although the turn before it took long") {
  UvLoop loop;
  UvClock clock;
  BootTime due;
  BootTime fired;
  Timer timer(loop, [&] {
    fired = clock.now().boot;
    loop.stop();
  });
  bool armed = false;
  loop.run([&] {
    if (std::exchange(armed, true)) return;
    const BootTime from = clock.now().boot;
    while (clock.now().boot < from + Duration(30)) continue;
    timer.arm(Duration(20));
    loop.turn_again();  // no sleep now: the loop reads its clock and looks at its timers at once
    due = clock.now().boot + Duration(20);
  });
  CHECK(fired >= due - Duration(1));
}

TEST_CASE("a disarmed timer stays silent and a moved one fires once") {
  UvLoop loop;
  int disarmed_fired = 0;
  int moved_fired = 0;
  Timer disarmed(loop, [&] { ++disarmed_fired; });
  Timer moved(loop, [&] { ++moved_fired; });
  Timer end(loop, [&] { loop.stop(); });
  disarmed.arm(Duration(1));
  disarmed.disarm();
  moved.arm(Duration(1));
  moved.arm(Duration(5));
  end.arm(Duration(25));
  loop.run([] {});
  CHECK(disarmed_fired == 0);
  CHECK(moved_fired == 1);
}

TEST_CASE("signals of the system arrive as facts") {
  UvLoop loop;
  Signals signals(loop, {SIGTERM, SIGHUP});
  std::vector<int> seen;
  raise(SIGHUP);
  loop.run([&] {
    for (const int number : signals.take()) seen.push_back(number);
    if (seen.size() == 1 && seen[0] == SIGHUP) raise(SIGTERM);
    if (seen.size() == 2) loop.stop();
  });
  CHECK(seen == std::vector<int>{SIGHUP, SIGTERM});
}

TEST_CASE("a poll tells when a descriptor becomes readable, and rests when paused") {
  UvLoop loop;
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  int ready = 0;
  {
    Poll poll(loop, ends[0], [&](int events) {
      CHECK((events & UV_READABLE) != 0);
      ++ready;
      poll.watch(0);
    });
    poll.watch(UV_READABLE);
    REQUIRE(write(ends[1], "x", 1) == 1);
    Timer end(loop, [&] { loop.stop(); });
    end.arm(Duration(10));
    loop.run([] {});
  }
  CHECK(ready == 1);
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("the loop can run again after it was stopped") {
  UvLoop loop;
  int turns = 0;
  const auto one_turn = [&] {
    ++turns;
    loop.stop();
  };
  Timer keeps_alive(loop);
  keeps_alive.arm(std::chrono::hours(1));
  loop.run(one_turn);
  loop.run(one_turn);
  CHECK(turns == 2);
}

TEST_CASE("the random source does not repeat itself across refills") {
  SystemRng rng;
  std::uint64_t all_ones = ~std::uint64_t{0};
  std::uint64_t all_zeros = 0;
  std::uint64_t before = rng.next();
  for (int i = 0; i < 1'000; ++i) {
    const std::uint64_t number = rng.next();
    CHECK(number != before);
    all_ones &= number;
    all_zeros |= number;
    before = number;
  }
  CHECK(all_ones == 0);
  CHECK(all_zeros == ~std::uint64_t{0});
}

TEST_CASE("the clock reads a plausible wall time and a boot time that runs forward") {
  UvClock clock;
  const Moment first = clock.now();
  const Moment second = clock.now();
  CHECK(first.wall.ms > 1'700'000'000'000);
  CHECK(second.boot >= first.boot);
}

}  // namespace
}  // namespace ackd
