// What the disk can do to the outbox: full, failing to sync, failing to write.
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "fault_vfs.h"
#include "outbox/sqlite_schema.h"
#include "sqlite_store.h"

namespace ackd {
namespace {

using conformance::after;
using conformance::notification;
using conformance::row_of;
using conformance::settlement;

Batch batch_of(Operation operation) {
  Batch batch;
  batch.operations.push_back(std::move(operation));
  return batch;
}

Admission large_admission(std::int64_t id) {
  Notification n = notification(id);
  n.content = std::string(64 * 1024, 'c');
  return {n, {}};
}

// Enough of them to make the WAL pass the length at which a checkpoint is made, within the limits of a batch.
Batch large_batch(std::int64_t number) {
  Batch batch;
  for (std::int64_t i = 0; i < 15; ++i) batch.operations.push_back(large_admission(number * 15 + i + 1));
  return batch;
}

// A file system of its own, small enough to fill.
class TinyDisk {
 public:
  explicit TinyDisk(const char* size) {
    mounted_ =
        ::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, (std::string("mode=0700,size=") + size).c_str()) == 0;
    if (!mounted_) MESSAGE("skipped: no tmpfs may be mounted here: ", std::strerror(errno));
  }
  ~TinyDisk() {
    if (mounted_) ::umount(folder_.path().c_str());
  }
  explicit operator bool() const { return mounted_; }

  std::string file(const std::string& name) const { return folder_.file(name); }
  std::uint64_t free_bytes() const {
    struct statvfs about {};
    return ::statvfs(folder_.path().c_str(), &about) == 0 ? about.f_bavail * about.f_frsize : 0;
  }
  void fill() const { std::ofstream(file("filler"), std::ios::binary) << std::string(free_bytes(), 'x'); }
  void make_room() const { std::filesystem::remove(file("filler")); }

 private:
  TemporaryFolder folder_;
  bool mounted_ = false;
};

SqliteOutboxOptions tiny_options(const TinyDisk& disk) {
  SqliteOutboxOptions options;
  options.path = disk.file("outbox.db");
  options.disk = {256 * 1024, 64 * 1024, 128 * 1024};
  return options;
}

SqliteOutboxOptions faulty_options(const TemporaryFolder& folder) {
  FaultVfs::install();
  FaultVfs::heal();
  SqliteOutboxOptions options = small_options(folder.file("outbox.db"));
  options.vfs = FaultVfs::kName;
  return options;
}

}  // namespace

TEST_CASE("a full disk loses nothing that was answered, and the outbox goes on when space returns") {
  const TinyDisk disk("2m");
  if (!disk) return;
  SqliteStore store(tiny_options(disk));
  std::int64_t admitted = 0;
  BatchResult result;
  do {
    result = store.run(batch_of(large_admission(++admitted)));
    REQUIRE(admitted < 2'000);
  } while (result.fate == BatchFate::kCommitted);
  CHECK(result.fate == BatchFate::kFailed);
  CHECK(result.results.empty());
  CHECK(result.trouble.find("full") != std::string::npos);
  CHECK(store.wakeup().wait_until([&] { return store.outbox().disk_band() == DiskBand::kCritical; }));
  CHECK(admitted > 10);

  // Still full: refused again, and reading works.
  CHECK(store.run(batch_of(large_admission(admitted))).fate == BatchFate::kFailed);
  CHECK(row_of(store, admitted - 1).has_value());
  CHECK_FALSE(row_of(store, admitted).has_value());

  // Space returns.
  const std::string remount = "size=8m";
  REQUIRE(::mount("tmpfs", std::filesystem::path(disk.file("")).parent_path().c_str(), "tmpfs", MS_REMOUNT,
                  remount.c_str()) == 0);
  CHECK(store.run(batch_of(large_admission(admitted))).fate == BatchFate::kCommitted);
  CHECK(store.wakeup().wait_until([&] { return store.outbox().disk_band() == DiskBand::kPlenty; }));
  CHECK(store.wakeup().wait_until([&] { return std::filesystem::exists(disk.file("outbox.db.ballast")); }));
  for (std::int64_t id = 1; id <= admitted; ++id) CHECK(row_of(store, id).has_value());
  conformance::check_conserved(store);
  store.close();
  store.open(tiny_options(disk));
  CHECK(store.outbox().opening().counts.admitted == static_cast<std::uint64_t>(admitted));
}

TEST_CASE("the ballast lets settlements through after the disk has filled up") {
  const TinyDisk disk("2m");
  if (!disk) return;
  SqliteStore store(tiny_options(disk));
  for (std::int64_t id = 1; id <= 20; ++id) conformance::admit(store, notification(id));
  REQUIRE(std::filesystem::exists(disk.file("outbox.db.ballast")));
  disk.fill();
  for (std::int64_t id = 1; id <= 5; ++id) {
    CHECK(store.run(batch_of(settlement(row_of(store, id)->row, State::kDelivered))).fate == BatchFate::kCommitted);
  }
  CHECK_FALSE(std::filesystem::exists(disk.file("outbox.db.ballast")));
  CHECK(store.wakeup().wait_until([&] { return store.outbox().disk_band() != DiskBand::kPlenty; }));
  disk.make_room();
  CHECK(store.wakeup().wait_until([&] { return store.outbox().disk_band() == DiskBand::kPlenty; }));
}

TEST_CASE("every commit is synced") {
  const TemporaryFolder folder;
  SqliteStore store(faulty_options(folder));
  const int before = FaultVfs::syncs;
  for (std::int64_t id = 1; id <= 10; ++id) conformance::admit(store, notification(id));
  CHECK(FaultVfs::syncs - before >= 10);
}

TEST_CASE("after a failed sync nothing is known and no later batch is taken") {
  const TemporaryFolder folder;
  const auto options = faulty_options(folder);
  SqliteStore store(options);
  conformance::admit(store, notification(1));
  FaultVfs::fail_syncs = true;
  const BatchResult result = store.run(batch_of(Admission{notification(2), {}}));
  CHECK(result.fate == BatchFate::kUnknown);
  CHECK(result.results.empty());
  CHECK_FALSE(result.trouble.empty());
  // The next sync would succeed, and that is the danger: the data that the first one lost is not written by it.
  FaultVfs::heal();
  const int before = FaultVfs::syncs;
  CHECK(store.run(batch_of(Admission{notification(3), {}})).fate == BatchFate::kUnknown);
  Batch reading;
  reading.scan = LaneScan{{}, 1};
  CHECK(store.run(std::move(reading)).fate == BatchFate::kUnknown);
  CHECK(FaultVfs::syncs == before);
  store.close();
  store.open(options);
  CHECK(row_of(store, 1).has_value());
  CHECK_FALSE(row_of(store, 3).has_value());
  conformance::check_conserved(store);
}

TEST_CASE("a failed write stops the outbox too") {
  const TemporaryFolder folder;
  SqliteStore store(faulty_options(folder));
  FaultVfs::fail_writes = true;
  CHECK(store.run(batch_of(Admission{notification(1), {}})).fate == BatchFate::kUnknown);
  FaultVfs::heal();
  CHECK(store.run(batch_of(Admission{notification(1), {}})).fate == BatchFate::kUnknown);
}

TEST_CASE("a checkpoint whose sync fails stops the outbox") {
  const TemporaryFolder folder;
  FaultVfs::install();
  FaultVfs::heal();
  auto database = SqliteDatabase::open(folder.file("outbox.db"), SqliteDatabase::Access::kWriter, FaultVfs::kName);
  REQUIRE(database.ok());
  REQUIRE(migrate(**database).ok());
  DiskSpace disk(folder.file("outbox.db"), small_options("").disk);
  SqliteWriter writer(**database, disk, 1);
  for (std::int64_t number = 0; number < 20; ++number) {
    REQUIRE(writer.execute(large_batch(number)).fate == BatchFate::kCommitted);
  }
  FaultVfs::fail_syncs = true;
  writer.tend();
  FaultVfs::heal();
  CHECK(writer.broken());
  CHECK(writer.execute(batch_of(Admission{notification(999), {}})).fate == BatchFate::kUnknown);
}

TEST_CASE("checkpoints keep the WAL short") {
  const TemporaryFolder folder;
  SqliteStore store(small_options(folder.file("outbox.db")));
  for (std::int64_t number = 0; number < 60; ++number) {
    REQUIRE(store.run(large_batch(number)).fate == BatchFate::kCommitted);
  }
  CHECK(std::filesystem::file_size(folder.file("outbox.db-wal")) < 24 * 1024 * 1024);
}

TEST_CASE("without memory the outbox is not opened, and why is said") {
  const TemporaryFolder folder;
  const std::string path = folder.file("outbox.db");
  REQUIRE(SqliteDatabase::open(path, SqliteDatabase::Access::kWriter).ok());
  sqlite3_hard_heap_limit64(1);
  const auto refused = SqliteDatabase::open(path, SqliteDatabase::Access::kWriter);
  sqlite3_hard_heap_limit64(0);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message.find("out of memory") != std::string::npos);
  CHECK(SqliteDatabase::open(path, SqliteDatabase::Access::kWriter).ok());
}

}  // namespace ackd
