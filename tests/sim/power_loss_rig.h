// The real SQLite writer on a disk that loses what was not synced. A script, what the model and SQLite say after each
// of its batches, and the judgement of what a power cut left: it must be one of the states that the script went
// through, whole, and none before the last batch that was answered.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "outbox/disk_space.h"
#include "outbox/power_loss_vfs.h"
#include "outbox/sqlite_database.h"
#include "outbox/sqlite_writer.h"
#include "sim/model_outbox.h"
#include "temporary_folder.h"

namespace ackd::sim {

// What is known about the script's batches at some moment, counted from its start.
struct Progression {
  std::size_t answered = 0;
  std::size_t submitted = 0;  // as many, or one more: the batch in flight
};

// The writer with its database, as the outbox's thread has it, without the thread.
class RealWriter {
 public:
  // Opens the database on the power-loss disk. Not open when that failed.
  explicit RealWriter(const std::string& path);

  bool is_open() const { return writer_ != nullptr; }
  SqliteDatabase& database() { return *database_; }
  SqliteWriter& writer() { return *writer_; }
  // As the writer does when the WAL is long; these runs are too short for that. False where it would stop.
  bool checkpoint();

 private:
  std::unique_ptr<SqliteDatabase> database_;
  DiskSpace disk_;
  std::unique_ptr<SqliteWriter> writer_;
};

// A hash of everything in the record, but for how often it was opened.
std::uint64_t digest_of(SqliteDatabase& database);

class PowerLossRig {
 public:
  // `batches` are applied to the model, whose record after each of them is kept; `digests` come from a run.
  explicit PowerLossRig(std::vector<Batch> batches);

  static constexpr std::size_t kCheckpointEvery = 25;  // batches

  struct RunOptions {
    std::size_t batches = SIZE_MAX;
    bool checks_answers = false;  // against the model's
    std::string pragma;           // said once the database is open
  };
  // Runs the script on `vfs` from the beginning, with marks for for_each_change(), until a batch is not committed. A
  // disk that is full gets room when it has refused a batch twice. Returns how far it came.
  Progression run(PowerLossVfs& vfs, const RunOptions& options);
  // A healthy run of all batches, to learn the digests. Returns what was wrong.
  std::vector<std::string> learn();
  // What was wrong in the runs since then, apart from what the disk says.
  std::vector<std::string> take_wrong() { return std::exchange(wrong_, {}); }

  // What a process finds that opens what the cut left; nothing when it is as promised.
  std::optional<std::string> judge(const DiskImage& image, Progression known);
  // The same with every detail, which takes long. REQUIRES: judge() has just found nothing wrong with the image.
  std::vector<std::string> compare(const DiskImage& image);
  // Opens it on a power-loss disk, which is cut again meanwhile, at up to `points` places.
  std::optional<std::string> judge_recovery(const DiskImage& image, Progression known, std::size_t points,
                                            std::mt19937_64& random);

  const std::string& path() const { return path_; }
  const std::vector<Batch>& batches() const { return batches_; }
  const CutCounts& cuts() const { return cuts_; }
  CutCounts& cuts() { return cuts_; }
  std::uint64_t judged() const { return judged_; }

 private:
  void put(const DiskImage& image) const;
  BatchResult run_with_room(PowerLossVfs& vfs, RealWriter& real, Progression known);
  void check_stopped(const PowerLossVfs& vfs, RealWriter& real, const Batch& batch);
  void note_digest(std::size_t after, std::uint64_t digest);

  TemporaryFolder folder_{TemporaryFolder::in_memory()};
  std::string path_ = folder_.file("outbox.db");
  std::vector<Batch> batches_;
  std::vector<ModelRecord> records_;    // by the number of batches applied
  std::vector<BatchResult> answers_;    // of the model
  std::vector<std::uint64_t> digests_;  // by the number of batches applied
  std::vector<std::string> wrong_;
  CutCounts cuts_;
  std::uint64_t judged_ = 0;
  std::size_t found_ = 0;  // the state that was judged last, by the number of batches applied
};

// Walks through a log and stops before each change (of which only every `stride`th is looked at) with the disk as it is
// there and what was known by then.
template <class Look>
void for_each_change(const std::vector<DiskChange>& log, const DiskImage& start, std::size_t stride, Look look) {
  PowerLossDisk disk(start);
  Progression known;
  std::size_t number = 0;
  for (const DiskChange& change : log) {
    if (change.kind == DiskChange::Kind::kMark) {
      (change.at % 2 == 0 ? known.submitted : known.answered) = change.at / 2;
      continue;
    }
    if (number++ % stride == 0 && !look(disk, known)) return;
    disk.apply(change);
  }
  look(disk, known);
}

}  // namespace ackd::sim
