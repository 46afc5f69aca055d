// A restart among many merchants that accept connections and never answer: who answered before it waits for none of
// them. On virtual time.
#include <doctest/doctest.h>

#include "sim/calm_fixture.h"

namespace ackd::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kDead = 2'000;
constexpr int kLiving = 200;

// The dead come first, also in the order in which lanes are found.
class Cold : public Fixture {
 public:
  Cold() : Fixture(kDead + kLiving, 0, "generic") {
    world.transfers_max = 1'024;
    world.outage.emplace();
    world.outage->end = TransferEnd::kTimeout;
    for (int i = 0; i < kDead; ++i) world.outage->only.insert("http://" + host(i) + ":80");
    admit_all(kDead + kLiving);
    run(minutes(10));
    REQUIRE(count(State::kDelivered) == kLiving);
  }

  void admit_living() {
    for (int i = 0; i < kLiving; ++i) admit(kDead + i);
  }
  void admit_dead() { admit_all(kDead); }
  // They are on record, and the daemon is down.
  void admit_and_die(const std::function<void()>& admit_some) {
    process->outbox.band = DiskBand::kCritical;
    admit_some();
    run(seconds(1));
    restart();
  }
  Duration until_delivered(std::size_t all) {
    const BootTime begun = world.boot;
    while (count(State::kDelivered) < all && world.boot - begun < minutes(10)) run(Duration(50));
    return world.boot - begun;
  }
};

}  // namespace

TEST_CASE("after a restart the merchants that have answered wait for none of those that have not") {
  Cold f;
  f.admit_and_die([&] {
    f.admit_dead();
    f.admit_living();
  });
  const Duration pending = f.until_delivered(2 * kLiving);
  CHECK(pending <= seconds(2));
  // Their lanes were forgotten with their last row, and are found by their next one.
  f.run(minutes(2));
  f.admit_living();
  CHECK(f.until_delivered(3 * kLiving) <= seconds(2));
  // Nothing is pending for them, and the dead have taken what they may when the first one comes.
  f.admit_and_die([&] { f.admit_dead(); });
  f.run(seconds(5));
  CHECK(f.stats().squeezed_in_flight >= 200);
  CHECK(f.stats().untried_in_flight == 0);
  f.admit_living();
  const Duration admitted = f.until_delivered(4 * kLiving);
  CHECK(admitted <= seconds(2));
  MESSAGE("beside " << kDead << " dead, " << kLiving << " that answered have theirs " << pending.count()
                    << " ms after the restart, and " << admitted.count() << " ms after they are admitted");
  f.check_witness();
}

TEST_CASE("new merchants wait for one timeout of the dead at most, and not for each of them to be tried") {
  Fixture f(kDead + kLiving, 0, "generic");
  f.world.transfers_max = 1'024;
  f.world.outage.emplace();
  f.world.outage->end = TransferEnd::kTimeout;
  for (int i = 0; i < kDead; ++i) f.world.outage->only.insert("http://" + f.host(i) + ":80");
  f.admit_all(kDead);
  for (int i = 0; i < 40; ++i) f.run(Duration(50));
  REQUIRE(f.stats().untried_in_flight == 512);
  std::size_t waiting_most = 0;
  for (std::size_t i = 0; i < kLiving; ++i) {
    f.admit(kDead + static_cast<int>(i));
    f.run(Duration(100));
    waiting_most = std::max(waiting_most, i + 1 - f.count(State::kDelivered));
  }
  CHECK(waiting_most <= 100);  // of ten seconds
  f.run(seconds(10));
  CHECK(f.count(State::kDelivered) == kLiving);
  MESSAGE("of " << kLiving << " new ones, one each 100 ms, at most " << waiting_most << " waited at a time among "
                << kDead << " untried dead");
  const BootTime begun = f.world.boot;
  while (f.stats().untried_in_flight > 0) {
    f.run(seconds(1));
    REQUIRE(f.world.boot - begun < minutes(3));
  }
  f.check_witness();
}

TEST_CASE("the record is told of a merchant when it answers for the first time, when it fails, and no more") {
  Fixture f(20, 0, "generic");
  std::size_t settled = 0;
  std::vector<LaneStanding> told;
  f.world.witness.tell_batches_to([&](const Batch& batch) {
    for (const Operation& operation : batch.operations) {
      const auto* settlement = std::get_if<Settlement>(&operation);
      if (settlement == nullptr) continue;
      ++settled;
      if (settlement->standing) told.push_back(*settlement->standing);
    }
  });
  f.admit_all(20, 50);
  f.run(minutes(5));
  CHECK(settled == 1'000);
  CHECK(told == std::vector<LaneStanding>(20, LaneStanding::kAnswers));
  told.clear();
  f.answer_all(503);
  f.admit_all(20, 50);
  f.run(minutes(5));
  CHECK(told == std::vector<LaneStanding>(20, LaneStanding::kSqueezed));
  told.clear();
  f.restart();
  f.run(minutes(5));
  CHECK(told.empty());
  f.world.end_outage();
  f.run(minutes(30));
  CHECK(f.count(State::kDelivered) == 2'000);
  CHECK(told == std::vector<LaneStanding>(20, LaneStanding::kAnswers));
  f.check_witness();
}

}  // namespace ackd::sim
