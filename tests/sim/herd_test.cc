// No thundering herd: what waited out an outage does not arrive all at once when it is over. On virtual time.
//
// The requests are counted in buckets of one second until the last one of the backlog arrives, those of a second in
// which nothing came among them. The largest has at most twice the mean. Receivers: from the instant at which they
// answer again. Our own network: from the instant at which sending is resumed; before it only trials leave.
//
// The measure is for a herd. With fewer lanes than ten a second bring round in a minute there are seconds in which none
// is due, which lower the mean; a row or two for each host are gone in two seconds, and one that waits out a back-off
// afterwards makes a long time of it.
#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "sim/calm_fixture.h"

namespace ackd::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class Buckets {
 public:
  // Until all that is on record has been delivered.
  explicit Buckets(Fixture& f) {
    const BootTime begun = f.world.boot;
    std::size_t before = f.world.witness.sends();
    f.on_turn = [&](const EngineStats&) {
      const std::size_t arrived = f.world.witness.sends() - std::exchange(before, f.world.witness.sends());
      if (arrived == 0) return;
      counts_.resize(static_cast<std::size_t>((f.world.boot - begun) / seconds(1)) + 1);
      counts_.back() += arrived;
    };
    while (f.count(State::kDelivered) < f.world.record.rows.size() && f.world.boot - begun < minutes(30)) {
      f.run(seconds(1));
    }
    f.on_turn = nullptr;
    CHECK(f.count(State::kDelivered) == f.world.record.rows.size());
  }

  std::size_t seconds_taken() const { return counts_.size(); }
  std::size_t largest() const { return *std::max_element(counts_.begin(), counts_.end()); }
  double mean() const {
    return static_cast<double>(std::accumulate(counts_.begin(), counts_.end(), std::size_t{0})) /
           static_cast<double>(counts_.size());
  }

  void check(const std::string& what) const {
    std::string all;
    for (const std::size_t count : counts_) all += " " + std::to_string(count);
    CAPTURE(all);
    MESSAGE(what << ": " << largest() << " requests in the largest of " << seconds_taken() << " seconds, " << mean()
                 << " in the mean");
    CHECK(static_cast<double>(largest()) <= 2 * mean());
  }

 private:
  std::vector<std::size_t> counts_;
};

constexpr int kLanes = 600;
constexpr int kRowsEach = 8;

}  // namespace

TEST_CASE("receivers that were down and answer again do not get everything at once") {
  for (const Place place : {Place::kOwnHosts, Place::kOneHost}) {
    for (const Duration lasts : {Duration(seconds(20)), Duration(seconds(100)), Duration(minutes(5))}) {
      Fixture f(kLanes, 5, "generic", place);
      f.world.transfers_max = 1'024;
      f.answer_all(503);
      f.admit_all(kLanes, kRowsEach);
      f.run(lasts);
      f.world.end_outage();
      Buckets(f).check(std::string(place == Place::kOneHost ? "one host" : "a host each") + ", down for " +
                       format_duration(lasts));
      f.check_witness();
    }
  }
}

TEST_CASE("a restart while receivers are down makes no herd of those that were tried one after the other") {
  for (const Place place : {Place::kOwnHosts, Place::kOneHost}) {
    for (const Duration down : {Duration(0), Duration(seconds(30))}) {
      Fixture f(kLanes, 5, "generic", place);
      f.world.transfers_max = 1'024;
      f.answer_all(503);
      f.admit_all(kLanes, kRowsEach);
      f.run(minutes(2));
      f.restart();
      f.run(down);
      f.world.end_outage();
      Buckets(f).check(std::string(place == Place::kOneHost ? "one host" : "a host each") + ", restarted " +
                       format_duration(down) + " before the end");
      f.check_witness();
    }
  }
}

// Sending comes back in a straight line, whose last second has twice the mean by itself: the rows are so many that the
// last of them do not come at the beginning of a second.
TEST_CASE("our own network that comes back is not filled at once") {
  for (const bool restarted : {false, true}) {
    for (const int rows : restarted ? std::vector<int>{8} : std::vector<int>{8, 40}) {
      Fixture f(kLanes, 5, "generic");
      f.world.transfers_max = 1'024;
      f.cut(TransferEnd::kConnectTimeout);
      f.admit_all(kLanes, rows);
      f.run(minutes(10));
      if (restarted) f.restart();
      if (restarted) f.run(minutes(2));
      CHECK(f.stats().sending == SendingState::kSuspended);
      f.world.end_outage();
      while (f.stats().sending == SendingState::kSuspended) f.run(Duration(10));
      Buckets(f).check("our network, " + std::to_string(rows) + " rows each" + (restarted ? ", restarted" : ""));
      f.check_witness();
    }
  }
}

}  // namespace ackd::sim
