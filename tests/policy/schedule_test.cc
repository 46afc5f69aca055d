#include "policy/schedule.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>

namespace ackd {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr EngineTime kEnded{1'000'000};

Schedule three_steps() {
  Schedule schedule;
  schedule.delays = {seconds(10), minutes(1), hours(1)};
  return schedule;
}

FailedAttempt after_step(std::uint32_t steps_used) {
  FailedAttempt failed;
  failed.steps_used = steps_used;
  failed.ended_at = kEnded;
  failed.counts_from = kEnded;
  return failed;
}

TEST_CASE("each step's delay counts from the end of the failed attempt, to the millisecond") {
  const Schedule schedule = three_steps();
  CHECK(next_attempt(schedule, after_step(1)) == kEnded + seconds(10));
  CHECK(next_attempt(schedule, after_step(2)) == kEnded + minutes(1));
  CHECK(next_attempt(schedule, after_step(3)) == kEnded + hours(1));
}

TEST_CASE("after the last delay, and ever after, the schedule has ended") {
  const Schedule schedule = three_steps();
  CHECK(schedule.sends_max() == 4);
  for (const std::uint32_t steps : {4U, 5U, 1'000U, UINT32_MAX}) CHECK_FALSE(next_attempt(schedule, after_step(steps)));
  CHECK_FALSE(next_attempt(Schedule{}, after_step(1)));
}

TEST_CASE("Retry-After is used only where it is honoured, only when it is later, and is clamped") {
  Schedule schedule = three_steps();
  FailedAttempt failed = after_step(1);
  failed.retry_after_s = 30;
  CHECK(next_attempt(schedule, failed) == kEnded + seconds(10));

  schedule.honours_retry_after = true;
  schedule.retry_after_max = seconds(60);
  CHECK(next_attempt(schedule, failed) == kEnded + seconds(30));
  for (const std::int64_t sooner : {std::int64_t{-1}, std::int64_t{0}, std::int64_t{9}, INT64_MIN}) {
    failed.retry_after_s = sooner;
    CHECK(next_attempt(schedule, failed) == kEnded + seconds(10));
  }
  for (const std::int64_t later : {std::int64_t{60}, std::int64_t{61}, INT64_MAX / 1000, INT64_MAX}) {
    failed.retry_after_s = later;
    CHECK(next_attempt(schedule, failed) == kEnded + seconds(60));
  }
  schedule.retry_after_max = Duration(12'345);
  CHECK(next_attempt(schedule, failed) == kEnded + Duration(12'345));
}

TEST_CASE("give_up_after ends the schedule beyond it, not at it, and counts from admission") {
  Schedule schedule = three_steps();
  FailedAttempt failed = after_step(2);
  failed.counts_from = kEnded - minutes(9);
  schedule.give_up_after = minutes(10);
  CHECK(next_attempt(schedule, failed) == kEnded + minutes(1));
  schedule.give_up_after = minutes(10) - Duration(1);
  CHECK_FALSE(next_attempt(schedule, failed));
}

TEST_CASE("a merchant's give_up_after stands instead of the schedule's, sooner or later") {
  Schedule schedule;
  schedule.delays = {minutes(10), minutes(10)};
  schedule.give_up_after = minutes(10);
  FailedAttempt failed = after_step(1);
  CHECK(next_attempt(schedule, failed).has_value());
  failed.give_up_after = minutes(9);
  CHECK_FALSE(next_attempt(schedule, failed).has_value());
  CHECK(has_steps_left(schedule, failed.steps_used));
  failed.counts_from = kEnded - minutes(30);
  failed.give_up_after = minutes(40);
  CHECK(next_attempt(schedule, failed) == kEnded + minutes(10));
  CHECK_FALSE(has_steps_left(schedule, 3));
}

TEST_CASE("an attempt that was itself made beyond give_up_after is the final one") {
  Schedule schedule = three_steps();
  schedule.give_up_after = minutes(10);
  FailedAttempt failed = after_step(1);
  failed.counts_from = kEnded - hours(24 * 30);
  CHECK_FALSE(next_attempt(schedule, failed));
}

TEST_CASE("a Retry-After beyond give_up_after ends the schedule too") {
  Schedule schedule = three_steps();
  schedule.honours_retry_after = true;
  schedule.give_up_after = minutes(10);
  FailedAttempt failed = after_step(1);
  failed.retry_after_s = 601;
  CHECK_FALSE(next_attempt(schedule, failed));
}

TEST_CASE("no input makes an attempt earlier than its delay, and jitter only adds up to its limit") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 20'000; ++round) {
    Schedule schedule;
    const auto count = 1 + random() % 5;
    for (std::uint64_t i = 0; i < count; ++i) schedule.delays.emplace_back(1 + random() % 100'000'000);
    schedule.jitter_max = Duration(random() % 3 == 0 ? 0 : random() % 1'000'000);
    schedule.honours_retry_after = random() % 2 == 0;
    schedule.retry_after_max = Duration(random() % 10'000'000);
    FailedAttempt failed;
    failed.steps_used = static_cast<std::uint32_t>(1 + random() % count);
    failed.ended_at = {static_cast<std::int64_t>(random() % 4'000'000'000'000)};
    failed.retry_after_s = static_cast<std::int64_t>(random() % 20'000) - 1;
    failed.random = random();

    const auto next = next_attempt(schedule, failed);
    REQUIRE(next);
    const Duration waited = *next - failed.ended_at;
    const Duration delay = schedule.delays[failed.steps_used - 1];
    REQUIRE(waited >= delay);
    REQUIRE(waited <= std::max(delay + schedule.jitter_max, schedule.retry_after_max));
    if (!schedule.honours_retry_after) REQUIRE(waited <= delay + schedule.jitter_max);
    REQUIRE(next_attempt(schedule, failed) == next);
  }
}

TEST_CASE("jitter reaches both of its ends and differs with chance") {
  Schedule schedule = three_steps();
  schedule.jitter_max = Duration(3);
  std::array<int, 4> seen{};
  for (std::uint64_t random = 0; random < 100; ++random) {
    FailedAttempt failed = after_step(1);
    failed.random = random;
    const Duration added = *next_attempt(schedule, failed) - kEnded - seconds(10);
    ++seen.at(static_cast<std::size_t>(added.count()));
  }
  for (const int times : seen) CHECK(times == 25);
}

TEST_CASE("jitter spreads what failed at one instant over its whole length; without it the retries stay together") {
  constexpr int kRows = 5'000;
  Schedule schedule;
  schedule.delays = {minutes(1)};
  std::mt19937_64 random(1);
  std::map<std::int64_t, int> by_second;
  const auto retry = [&] {
    FailedAttempt failed = after_step(1);
    failed.random = random();
    return *next_attempt(schedule, failed) - kEnded;
  };
  for (int row = 0; row < kRows; ++row) REQUIRE(retry() == minutes(1));
  schedule.jitter_percent = 20;
  for (int row = 0; row < kRows; ++row) ++by_second[retry() / seconds(1)];
  CHECK(by_second.begin()->first == 60);
  CHECK(by_second.rbegin()->first <= 72);
  for (const auto& [second, retries] : by_second) CHECK(retries * 12 <= 2 * kRows);
}

TEST_CASE("jitter in percent grows with the delay, and the larger of the two jitters counts") {
  Schedule schedule = three_steps();
  schedule.jitter_percent = 10;
  const auto longest = [&](std::uint32_t step) {
    FailedAttempt failed = after_step(step);
    Duration most{0};
    for (failed.random = 0; failed.random <= 400'000; failed.random += 1'000) {
      most = std::max(most, *next_attempt(schedule, failed) - kEnded - schedule.delays[step - 1]);
    }
    return most;
  };
  CHECK(longest(1) == seconds(1));
  CHECK(longest(2) == seconds(6));
  CHECK(longest(3) == seconds(360));
  schedule.jitter_max = seconds(2);
  CHECK(longest(1) == seconds(2));
  CHECK(longest(2) == seconds(6));
  schedule.jitter_percent = UINT32_MAX;
  schedule.delays = {Duration::max()};
  FailedAttempt failed = after_step(1);
  failed.random = UINT64_MAX;
  CHECK(next_attempt(schedule, failed) == EngineTime::max());
}

TEST_CASE("exponential delays grow by their factor up to the cap") {
  using Delays = std::vector<Duration>;
  CHECK(exponential_delays({seconds(5), 2.0, seconds(60), 6}) ==
        Delays{seconds(5), seconds(10), seconds(20), seconds(40), seconds(60), seconds(60)});
  CHECK(exponential_delays({seconds(10), 1.5, hours(1), 4}) ==
        Delays{seconds(10), seconds(15), seconds(22), seconds(33)});
  CHECK(exponential_delays({seconds(10), 1.2, hours(1), 3}) == Delays{seconds(10), seconds(12), seconds(14)});
  CHECK(exponential_delays({seconds(100), 2.3, hours(1), 3}) == Delays{seconds(100), seconds(230), seconds(529)});
  CHECK(exponential_delays({seconds(7), 1.0, seconds(7), 3}) == Delays{seconds(7), seconds(7), seconds(7)});
  CHECK(exponential_delays({Duration(250), 3.0, Duration(2'900), 4}) ==
        Delays{Duration(250), Duration(750), seconds(2), seconds(2)});
  CHECK(exponential_delays({seconds(1), 2.0, seconds(1), 0}).empty());
}

TEST_CASE("however long an exponential schedule is, its delays never shrink, overflow or pass the cap") {
  for (const double factor : {1.0, 1.0001, 1.1, 2.0, 1e9, 1e308}) {
    const Duration cap = hours(24 * 3650);
    const std::vector<Duration> delays = exponential_delays({Duration(1), factor, cap, kDelaysMax});
    CHECK(delays.size() == kDelaysMax);
    CHECK(std::is_sorted(delays.begin(), delays.end()));
    CHECK(delays.front() == Duration(1));
    CHECK(delays.back() <= cap);
    if (factor > 1.05) CHECK(delays.back() == cap);
  }
}

TEST_CASE("the largest delay that a duration can say does not overflow the exponential rule") {
  const std::vector<Duration> delays = exponential_delays({seconds(1), 1e10, Duration::max(), 5});
  CHECK(delays.back() == std::chrono::floor<seconds>(Duration::max()));
}

TEST_CASE("extreme times and delays saturate instead of wrapping into the past") {
  Schedule schedule;
  schedule.delays = {Duration::max()};
  schedule.jitter_max = Duration::max();
  FailedAttempt failed = after_step(1);
  failed.random = UINT64_MAX;
  CHECK(next_attempt(schedule, failed) == EngineTime::max());
  schedule.delays = {seconds(1)};
  schedule.jitter_max = Duration(0);
  failed.ended_at = {INT64_MAX - 5};
  CHECK(next_attempt(schedule, failed) == EngineTime::max());
  schedule.give_up_after = Duration::max();
  failed.counts_from = EngineTime::max();
  CHECK(next_attempt(schedule, failed) == EngineTime::max());
  schedule.delays = {Duration::max(), Duration::max()};
  schedule.give_up_after.reset();
  CHECK(offsets(schedule).back() == Duration::max());
}

TEST_CASE("offsets add the delays up and stop at give_up_after") {
  Schedule schedule = three_steps();
  CHECK(offsets(schedule) == std::vector<Duration>{seconds(0), seconds(10), seconds(70), seconds(3670)});
  schedule.give_up_after = seconds(70);
  CHECK(offsets(schedule) == std::vector<Duration>{seconds(0), seconds(10), seconds(70)});
  CHECK(offsets(Schedule{}) == std::vector<Duration>{seconds(0)});
}

TEST_CASE("offsets say what next_attempt does when every attempt fails at once") {
  Schedule schedule = three_steps();
  for (const int give_up_s : {0, 5, 10, 69, 70, 3669, 3670, 10'000}) {
    schedule.give_up_after = seconds(give_up_s);
    std::vector<Duration> made{Duration(0)};
    FailedAttempt failed = after_step(1);
    while (const auto next = next_attempt(schedule, failed)) {
      made.push_back(*next - kEnded);
      failed.ended_at = *next;
      ++failed.steps_used;
    }
    CHECK(made == offsets(schedule));
  }
}

}  // namespace
}  // namespace ackd
