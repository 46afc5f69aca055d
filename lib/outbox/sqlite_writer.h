// One batch, one transaction, and what is known about it afterwards. Runs on the outbox's thread, or inline in a test.
//
//   begin -> operations -> counters -> reads -> commit (synced) -> kCommitted
//     |  any step: no space -> roll back, give the ballast back, once more -> else kFailed
//     |            busy     -> roll back -> kFailed
//     '            anything else (failed write or sync, damage, a foreign commit) -> kUnknown, and nothing ever again
#pragma once

#include <memory>
#include <string>

#include "outbox/disk_space.h"
#include "outbox/outbox.h"
#include "outbox/sqlite_database.h"
#include "outbox/sqlite_inbox.h"
#include "outbox/sqlite_jobs.h"
#include "outbox/sqlite_lanes.h"
#include "outbox/sqlite_operations.h"
#include "outbox/sqlite_pages.h"

namespace ackd {

class SqliteWriter {
 public:
  // REQUIRES: the schema is current and this is the only writer. `database` and `disk` must outlive it.
  SqliteWriter(SqliteDatabase& database, DiskSpace& disk, std::int64_t run);
  ~SqliteWriter();
  SqliteWriter(const SqliteWriter&) = delete;
  SqliteWriter& operator=(const SqliteWriter&) = delete;

  // Never throws away a failure: after one kUnknown every later batch is answered kUnknown without touching the file,
  // because a sync that failed once may "succeed" the second time with the data gone.
  BatchResult execute(const Batch& batch);

  // Between batches: a checkpoint when the WAL is long enough, and a look for foreign commits.
  void tend();

  bool broken() const { return !broken_because_.empty(); }
  const std::string& broken_because() const { return broken_because_; }

 private:
  BatchResult attempt(const Batch& batch);
  OperationResult apply(const Operation& operation);
  void read(const Batch& batch, BatchResult& result);
  void begin(bool writes);
  void roll_back();
  void check_alone();
  BatchResult failed();
  void checkpoint();
  std::int64_t data_version();

  SqliteDatabase& database_;
  DiskSpace& disk_;
  SqliteLanes lanes_;
  SqliteOperations operations_;
  SqliteJobs jobs_;
  SqliteInbox inbox_;
  SqlitePages pages_;
  SqliteStatement begin_write_, begin_read_, commit_, data_version_;
  std::int64_t known_data_version_ = 0;
  std::string broken_because_;

  // Frames in the WAL after the last commit, and how many make the next checkpoint worth while.
  int wal_frames_ = 0;
  int checkpoint_at_frames_;
};

}  // namespace ackd
