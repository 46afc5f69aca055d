// Power cuts at every write and sync of the real SQLite outbox, under the batches that the real engine makes; failed
// and full disks; and controls that must be caught: a database that does not sync, a disk that only says so.
// ACKD_LONG=1 looks at every change where otherwise a sample is taken. ACKD_POWER_SEED chooses another seed.
#include "sim/power_loss_rig.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <set>

#include "outbox/conformance_store.h"
#include "sim/simulator.h"

namespace ackd::sim {
namespace {

bool is_long() {
  return std::getenv("ACKD_LONG") != nullptr;
}

std::uint64_t seed() {
  const char* text = std::getenv("ACKD_POWER_SEED");
  return text == nullptr ? 7 : std::strtoull(text, nullptr, 10);
}

constexpr std::size_t kBatches = 220;
constexpr std::size_t kBatchesLong = 600;
constexpr std::size_t kFaultBatches = 60;

Batch batch_of(Operation operation) {
  Batch batch;
  batch.operations.push_back(std::move(operation));
  return batch;
}

Notification large_notification(std::int64_t id) {
  Notification n = conformance::notification(id);
  n.content.assign(60'000, static_cast<char>('a' + id));
  return n;
}

// What the simulator's operators seldom or never ask for: keys that are shared and sealed anew, a job that is stopped,
// what waits for a merchant; and contents of many pages. `jobs` is how many there are on record.
std::vector<Batch> batches_of_operators(std::int64_t jobs) {
  const SealedKey key{"k1", "old", "sealed under the old one"};
  std::vector<Batch> batches{batch_of(SharedKeysChange{{"dhpay", {key}}, EngineTime{2}}),
                             batch_of(KeyReseal{key.sealed, {"dhpay", std::nullopt, {"k1", "new", "sealed anew"}}})};
  Job job;
  job.created_at = EngineTime{3};
  batches.push_back(batch_of(JobStart{job}));
  batches.push_back(batch_of(JobStop{{jobs + 1}, EngineTime{4}}));
  for (std::int64_t id = 1; id <= 3; ++id) {
    batches.push_back(batch_of(Admission{large_notification(id), "the merchant is not known", true}));
  }
  Batch release;
  release.release = ReleaseSlice{{"dhpay", "m1"}, 2, EngineTime{5}};
  batches.push_back(release);
  return batches;
}

std::vector<Batch> script() {
  const ProfileCatalogue catalogue = load_catalogue(ACKD_SOURCE_DIR "/schedules", {"dhpay", "ipaynow", "payindex"});
  std::vector<Batch> batches = batches_of_seed(seed(), catalogue);
  const std::size_t wanted = is_long() ? kBatchesLong : kBatches;
  REQUIRE(batches.size() > wanted);
  batches.resize(wanted);
  std::int64_t jobs = 0;
  for (const Batch& batch : batches) {
    for (const Operation& operation : batch.operations) jobs += std::holds_alternative<JobStart>(operation) ? 1 : 0;
  }
  const std::vector<Batch> more = batches_of_operators(jobs);
  batches.insert(batches.end(), more.begin(), more.end());
  return batches;
}

struct LearntRig {
  PowerLossRig rig{script()};
  std::vector<std::string> wrong = rig.learn();
};

LearntRig& learnt() {
  static LearntRig made;
  return made;
}

PowerLossRig& rig() {
  return learnt().rig;
}

std::vector<DiskChange> log_of(const PowerLossRig::RunOptions& options, bool ignore_syncs = false) {
  rig();  // has a disk of its own while it learns
  PowerLossVfs vfs;
  if (ignore_syncs) vfs.ignore_syncs();
  rig().run(vfs, options);
  return vfs.log();
}

std::size_t stride_for(std::size_t changes, std::size_t sample) {
  return is_long() ? 1 : std::max<std::size_t>(1, changes / sample);
}

// Whether some cut of the run loses something that was answered.
bool is_caught(const std::vector<DiskChange>& log) {
  std::mt19937_64 random(seed());
  bool caught = false;
  for_each_change(log, {}, 7, [&](const PowerLossDisk& disk, Progression known) {
    caught = rig().judge(disk.cut(random, rig().cuts()), known).has_value();
    return !caught;
  });
  return caught;
}

// How many changes there are to fail.
std::uint64_t changes_of_faulty_runs() {
  rig();  // has a disk of its own while it learns
  PowerLossVfs healthy;
  rig().run(healthy, {kFaultBatches, false, {}});
  return healthy.changes();
}

// Cuts at a few places from the failure on, closing the database included, and at the end.
void judge_behind_failure(const PowerLossVfs& vfs, std::mt19937_64& random) {
  for (const std::string& each : rig().take_wrong()) FAIL_CHECK(each);
  if (!vfs.failed_behind()) return;
  const auto is_change = [](const DiskChange& change) { return change.kind != DiskChange::Kind::kMark; };
  const auto changes = static_cast<std::size_t>(std::count_if(vfs.log().begin(), vfs.log().end(), is_change));
  std::size_t number = 0;
  for_each_change(vfs.log(), {}, 1, [&](const PowerLossDisk& disk, Progression known) {
    const bool last = number == changes;
    if (number++ < *vfs.failed_behind() || (random() % 4 != 0 && !last)) return true;
    const std::optional<std::string> wrong = rig().judge(disk.cut(random, rig().cuts()), known);
    if (wrong) FAIL_CHECK(*wrong);
    return !wrong;
  });
}

}  // namespace

TEST_CASE("power loss: the script has every kind of batch, and SQLite answers it as the model does") {
  for (const std::string& each : learnt().wrong) FAIL_CHECK(each);
  std::set<std::size_t> kinds;
  std::size_t slices = 0;
  for (const Batch& batch : rig().batches()) {
    for (const Operation& operation : batch.operations) kinds.insert(operation.index());
    slices |= (batch.job ? 1U : 0U) | (batch.inbox ? 2U : 0U) | (batch.merchants ? 4U : 0U) | (batch.release ? 8U : 0U);
  }
  for (std::size_t kind = 0; kind < std::variant_size_v<Operation>; ++kind) {
    CAPTURE(kind);
    CHECK(kinds.contains(kind));
  }
  CHECK(slices == 15);
}

TEST_CASE("power loss: whatever a cut leaves is one of the states that were promised") {
  std::mt19937_64 random(seed());
  const std::vector<DiskChange> log = log_of({});
  const std::size_t stride = stride_for(log.size(), 350);
  std::size_t points = 0;
  std::size_t compared = 0;
  std::size_t recovered = 0;
  for_each_change(log, {}, stride, [&](const PowerLossDisk& disk, Progression known) {
    const DiskImage image = disk.cut(random, rig().cuts());
    std::optional<std::string> wrong = rig().judge(image, known);
    if (!wrong && ++points % 50 == 0) {
      for (const std::string& each : rig().compare(image)) FAIL_CHECK(each);
      ++compared;
    }
    if (!wrong && points % 10 == 0) {
      wrong = rig().judge_recovery(image, known, 3, random);
      ++recovered;
    }
    if (wrong) FAIL_CHECK("after change " << points * stride << " of seed " << seed() << ": " << *wrong);
    return !wrong;
  });
  const CutCounts& cuts = rig().cuts();
  MESSAGE("power cuts: ", points, " of ", log.size(), " changes, ", rig().judged(), " openings, ", recovered,
          " recoveries cut again, ", compared, " compared with the model in full; sectors kept ", cuts.kept_sectors,
          ", lost ", cuts.lost_sectors, ", torn writes ", cuts.torn_writes);
  CHECK(cuts.lost_sectors > 100);
  CHECK(cuts.torn_writes > 10);
}

TEST_CASE("power loss: without a sync at every commit an answered batch is lost, and that is seen") {
  CHECK(is_caught(log_of({kFaultBatches, false, "PRAGMA synchronous=NORMAL"})));
}

TEST_CASE("power loss: a disk that only says it has synced is seen") {
  CHECK(is_caught(log_of({kFaultBatches, false, {}}, true)));
}

TEST_CASE("power loss: after a call that failed with EIO nothing is taken, and the disk says what was promised") {
  std::mt19937_64 random(seed());
  const std::uint64_t changes = changes_of_faulty_runs();
  std::size_t stopped = 0;
  std::size_t runs = 0;
  for (std::uint64_t at = 1; at <= changes; at += stride_for(changes, 30), ++runs) {
    CAPTURE(at);
    PowerLossVfs vfs;
    vfs.plan({DiskFault::Kind::kIo, at});
    stopped += rig().run(vfs, {kFaultBatches, false, {}}).answered < kFaultBatches ? 1 : 0;
    REQUIRE(vfs.failed_behind());
    judge_behind_failure(vfs, random);
  }
  MESSAGE("EIO: ", runs, " of ", changes, " changes failed, ", stopped, " stopped the outbox");
}

TEST_CASE("power loss: a disk that fills up at any write and empties again loses nothing") {
  std::mt19937_64 random(seed());
  const std::uint64_t changes = changes_of_faulty_runs();
  std::size_t went_on = 0;
  std::size_t runs = 0;
  for (std::uint64_t at = 1; at <= changes; at += stride_for(changes, 20), ++runs) {
    CAPTURE(at);
    PowerLossVfs vfs;
    vfs.plan({DiskFault::Kind::kFull, at});
    went_on += rig().run(vfs, {kFaultBatches, false, {}}).answered == kFaultBatches ? 1 : 0;
    judge_behind_failure(vfs, random);
  }
  MESSAGE("ENOSPC: ", runs, " of ", changes, " changes found the disk full, ", went_on, " runs went on to the end");
  CHECK(went_on > runs / 2);
}

}  // namespace ackd::sim
