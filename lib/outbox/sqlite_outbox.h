// The embedded outbox: SQLite in WAL mode with synchronous=FULL, one thread that does all writes and all checkpoints.
//
// The loop's thread and the writer's thread share one batch going in, one result coming out and the disk band. The
// writer answers a batch before it tends to the WAL, so a checkpoint is felt by the next batch only.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "outbox/disk_space.h"
#include "outbox/outbox.h"
#include "outbox/owner_lock.h"
#include "outbox/queries.h"
#include "outbox/sqlite_database.h"
#include "outbox/sqlite_merchants.h"
#include "outbox/sqlite_writer.h"

namespace ackd {

struct SqliteOutboxOptions {
  std::string path;  // the database file; "-wal", "-shm", ".lock" and ".ballast" are put beside it
  DiskLimits disk;
  std::string vfs;  // for tests that inject faults
};

// What the record says when it is opened.
struct OutboxOpening {
  std::int64_t run = 0;      // this start's number; attempts carry it
  NotificationId newest_id;  // for IdSource
  EngineTime newest_record;  // a start with an earlier clock must not send; {0} when empty
  OutboxCounts counts;
  ActivationRecord activation;
  std::vector<Job> jobs;  // those that run
  std::vector<InboxStanding> inbox;
};

// A profile text as it was when notifications were admitted under it.
struct StoredRevision {
  RevisionId id;
  std::string provider;
  Hash hash{};
  std::string text;
};

class SqliteOutbox final : public Outbox {
 public:
  // Refuses with a reason: a place that is not safe, another owner, a newer schema, a file that is not ackd's or is
  // damaged, a disk that cannot sync. `wake` is called from the writer's thread whenever take_result() or disk_band()
  // has news; it must be quick and must not call back.
  static Result<std::unique_ptr<SqliteOutbox>> open(const SqliteOutboxOptions& options, std::function<void()> wake);
  // Finishes the batch in flight, then closes.
  ~SqliteOutbox() override;
  SqliteOutbox(const SqliteOutbox&) = delete;
  SqliteOutbox& operator=(const SqliteOutbox&) = delete;

  const OutboxOpening& opening() const { return opening_; }

  // The stored number of this text; the same provider and hash keep theirs. REQUIRES: start() was not called.
  Result<RevisionId> store_revision(std::string_view provider, const Hash& hash, std::string_view text);
  Result<std::vector<StoredRevision>> load_revisions();

  // What is on record about merchants; and what the configuration says about those that are not, for lists by host.
  // REQUIRES: start() was not called.
  Result<MerchantsOpening> load_merchants();
  Status store_configured_urls(const std::vector<ConfiguredUrl>& urls);

  // Starts the writer's thread; before this no batch may be submitted.
  void start();

  void submit(Batch batch) override;
  std::optional<BatchResult> take_result() override;
  // Nobody else writes into this store.
  std::vector<LaneHead> take_arrivals() override { return {}; }
  DiskBand disk_band() const override { return band_.load(std::memory_order_relaxed); }
  std::optional<std::string> failure() const override;

 private:
  SqliteOutbox(OwnerLock lock, DiskSpace disk, std::unique_ptr<SqliteDatabase> database, std::function<void()> wake);
  Status read_opening();
  void write_batches();
  bool wait_for_batch(Batch& batch);
  void publish(BatchResult result);
  void sample_disk();
  void report_failure();

  // In the order of their making: the lock goes last.
  OwnerLock lock_;
  DiskSpace disk_;
  std::unique_ptr<SqliteDatabase> database_;
  std::unique_ptr<SqliteWriter> writer_;
  std::function<void()> wake_;
  OutboxOpening opening_;
  std::atomic<DiskBand> band_{DiskBand::kPlenty};

  std::atomic<bool> failed_{false};  // set once, after failure_ was written
  std::string failure_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Batch> batch_;         // guarded by mutex_
  std::optional<BatchResult> result_;  // guarded by mutex_
  bool stopping_ = false;              // guarded by mutex_
  bool in_flight_ = false;             // the loop's thread only
  std::thread thread_;
};

}  // namespace ackd
