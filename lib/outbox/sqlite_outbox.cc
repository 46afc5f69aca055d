#include "outbox/sqlite_outbox.h"

#include <chrono>
#include <utility>

#include "outbox/database_place.h"
#include "outbox/sqlite_activation.h"
#include "outbox/sqlite_counters.h"
#include "outbox/sqlite_inbox.h"
#include "outbox/sqlite_jobs.h"
#include "outbox/sqlite_schema.h"

namespace ackd {
namespace {

// An idle outbox looks at the disk and at its own file this often.
constexpr std::chrono::seconds kTendEvery{1};

}  // namespace

Result<std::unique_ptr<SqliteOutbox>> SqliteOutbox::open(const SqliteOutboxOptions& options,
                                                         std::function<void()> wake) {
  if (const Status place = check_database_place(options.path); !place) return place.error();
  auto lock = OwnerLock::take(options.path);
  if (!lock) return lock.error();
  DiskSpace disk(options.path, options.disk);
  auto database = SqliteDatabase::open(options.path, SqliteDatabase::Access::kWriter, options.vfs);
  if (!database) return database.error();
  if (const Status migrated = migrate(**database); !migrated) return migrated.error();
  disk.restore_ballast();
  std::unique_ptr<SqliteOutbox> outbox(
      new SqliteOutbox(std::move(*lock), std::move(disk), std::move(*database), std::move(wake)));
  if (const Status read = outbox->read_opening(); !read) return read.error();
  return outbox;
}

SqliteOutbox::SqliteOutbox(OwnerLock lock, DiskSpace disk, std::unique_ptr<SqliteDatabase> database,
                           std::function<void()> wake)
    : lock_(std::move(lock)),
      disk_(std::move(disk)),
      database_(std::move(database)),
      wake_(std::move(wake)),
      band_(disk_.sample()) {}

SqliteOutbox::~SqliteOutbox() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

Status SqliteOutbox::read_opening() {
  // The first commit of this run also proves that the disk can still write and sync.
  const Status counted = database_->run("UPDATE meta SET value=value+1 WHERE name='run'");
  if (!counted) return counted.error();
  const auto meta = [&](const char* name) {
    return database_->ask(std::string("SELECT value FROM meta WHERE name='") + name + "'");
  };
  const auto run = meta("run");
  if (!run) return run.error();
  const auto newest_id = meta("newest_id");
  if (!newest_id) return newest_id.error();
  const auto newest_record = meta("newest_record_ms");
  if (!newest_record) return newest_record.error();
  opening_ = {*run,
              {*newest_id},
              {*newest_record},
              read_counts(*database_),
              read_activation_record(*database_),
              SqliteJobReader(*database_).running(),
              read_inbox_standings(*database_)};
  writer_ = std::make_unique<SqliteWriter>(*database_, disk_, *run);
  return database_->status();
}

Result<RevisionId> SqliteOutbox::store_revision(std::string_view provider, const Hash& hash, std::string_view text) {
  CHECK_THAT(!thread_.joinable(), "the connection belongs to the writer's thread after start()");
  SqliteStatement insert(*database_,
                         "INSERT INTO profile_revision(provider, hash, text) VALUES(?, ?, ?)"
                         " ON CONFLICT(provider, hash) DO NOTHING");
  insert.run(provider, hash, text);
  SqliteStatement find(*database_, "SELECT id FROM profile_revision WHERE provider=? AND hash=?");
  const SqliteRow row = find.find(provider, hash);
  if (const Status status = database_->status(); !status) return status.error();
  return RevisionId{row.integer(0)};
}

Result<std::vector<StoredRevision>> SqliteOutbox::load_revisions() {
  CHECK_THAT(!thread_.joinable(), "the connection belongs to the writer's thread after start()");
  std::vector<StoredRevision> revisions;
  {
    SqliteStatement all(*database_, "SELECT id, provider, hash, text FROM profile_revision ORDER BY id");
    for (SqliteRow row = all.find(); row; row.next()) {
      revisions.push_back({{row.integer(0)}, row.text(1), row.hash(2), row.text(3)});
    }
  }
  if (const Status status = database_->status(); !status) return status.error();
  return revisions;
}

Result<MerchantsOpening> SqliteOutbox::load_merchants() {
  CHECK_THAT(!thread_.joinable(), "the connection belongs to the writer's thread after start()");
  MerchantsOpening merchants = read_merchants(*database_);
  if (const Status status = database_->status(); !status) return status.error();
  return merchants;
}

Status SqliteOutbox::store_configured_urls(const std::vector<ConfiguredUrl>& urls) {
  CHECK_THAT(!thread_.joinable(), "the connection belongs to the writer's thread after start()");
  return ackd::store_configured_urls(*database_, urls);
}

void SqliteOutbox::start() {
  CHECK_THAT(!thread_.joinable(), "the outbox was started twice");
  thread_ = std::thread([this] { write_batches(); });
}

void SqliteOutbox::submit(Batch batch) {
  CHECK_THAT(thread_.joinable(), "a batch before start()");
  CHECK_THAT(!in_flight_, "a second batch while one is in flight");
  CHECK_THAT(batch.operations.size() <= kBatchOperationsMax, "a batch of too many operations");
  in_flight_ = true;
  {
    const std::lock_guard lock(mutex_);
    batch_ = std::move(batch);
  }
  changed_.notify_one();
}

std::optional<BatchResult> SqliteOutbox::take_result() {
  const std::lock_guard lock(mutex_);
  if (!result_) return std::nullopt;
  in_flight_ = false;
  return std::exchange(result_, std::nullopt);
}

void SqliteOutbox::write_batches() {
  Batch batch;
  while (true) {
    const bool got = wait_for_batch(batch);
    if (got) {
      BatchResult result = writer_->execute(batch);
      result.operations = std::move(batch.operations);
      publish(std::move(result));
    } else {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    writer_->tend();
    report_failure();
    sample_disk();
  }
}

// False after kTendEvery without one, or when stopping.
bool SqliteOutbox::wait_for_batch(Batch& batch) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kTendEvery, [this] { return batch_ || stopping_; });
  if (!batch_) return false;
  batch = std::move(*batch_);
  batch_.reset();
  return true;
}

void SqliteOutbox::publish(BatchResult result) {
  {
    const std::lock_guard lock(mutex_);
    result_ = std::move(result);
  }
  wake_();
}

void SqliteOutbox::report_failure() {
  if (!writer_->broken() || failed_.load(std::memory_order_relaxed)) return;
  failure_ = writer_->broken_because();
  failed_.store(true, std::memory_order_release);
  wake_();
}

std::optional<std::string> SqliteOutbox::failure() const {
  if (!failed_.load(std::memory_order_acquire)) return std::nullopt;
  return failure_;
}

void SqliteOutbox::sample_disk() {
  disk_.restore_ballast();
  const DiskBand band = disk_.sample();
  if (band_.exchange(band, std::memory_order_relaxed) != band) wake_();
}

}  // namespace ackd
