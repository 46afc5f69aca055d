#include "outbox/sqlite_writer.h"

namespace ackd {
namespace {

// 16 MiB of WAL: a commit's p99 stays near 2 ms, where 1,000 pages make it 20; more only makes recovery longer.
constexpr int kCheckpointFrames = 4'000;
// With a reader in the way a checkpoint stops short; trying again after every batch would cost more than it frees.
constexpr int kCheckpointAgainFrames = 1'000;

// Each covers 4,096 frames of the WAL.
constexpr int kWalIndexRegions = 8;
constexpr int kWalIndexRegionBytes = 32 * 1024;

// Makes SQLite allocate the WAL index for a WAL of 128 MiB now. It would otherwise grow in the middle of a commit,
// after the frames were synced, and a disk that is full just then leaves the commit's fate unknown.
void reserve_wal_index(SqliteDatabase& database) {
  sqlite3_file* file = nullptr;
  database.note(sqlite3_file_control(database.handle(), "main", SQLITE_FCNTL_FILE_POINTER, &file), "wal index");
  for (int region = 0; region < kWalIndexRegions && database.good(); ++region) {
    void volatile* mapped = nullptr;
    database.note(file->pMethods->xShmMap(file, region, kWalIndexRegionBytes, 1, &mapped), "wal index");
  }
}

}  // namespace

SqliteWriter::SqliteWriter(SqliteDatabase& database, DiskSpace& disk, std::int64_t run)
    : database_(database),
      disk_(disk),
      lanes_(database),
      operations_(database, lanes_, run),
      jobs_(database, operations_),
      inbox_(database),
      pages_(database, lanes_),
      begin_write_(database, "BEGIN IMMEDIATE"),
      begin_read_(database, "BEGIN"),
      commit_(database, "COMMIT"),
      data_version_(database, "PRAGMA data_version"),
      checkpoint_at_frames_(kCheckpointFrames) {
  reserve_wal_index(database_);
  known_data_version_ = data_version();
  const auto count_frames = [](void* self, sqlite3*, const char*, int frames) {
    static_cast<SqliteWriter*>(self)->wal_frames_ = frames;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(database_.handle(), count_frames, this);
}

SqliteWriter::~SqliteWriter() {
  sqlite3_wal_hook(database_.handle(), nullptr, nullptr);
}

BatchResult SqliteWriter::execute(const Batch& batch) {
  if (broken()) return failed();
  BatchResult result = attempt(batch);
  const bool full = !database_.good() && database_.trouble()->fault == SqliteFault::kFull;
  if (full && !broken() && disk_.release_ballast()) result = attempt(batch);
  return result;
}

BatchResult SqliteWriter::attempt(const Batch& batch) {
  database_.clear_trouble();
  BatchResult result;
  begin(batch.writes());
  operations_.begin();
  result.results.reserve(batch.operations.size());
  for (const Operation& operation : batch.operations) {
    result.results.push_back(apply(operation));
    if (!database_.good()) return failed();
  }
  if (batch.job) result.job = jobs_.advance(*batch.job);
  if (batch.inbox) result.inbox = inbox_.apply(*batch.inbox, operations_);
  if (batch.merchants) operations_.import(*batch.merchants);
  if (batch.release) result.release_complete = operations_.release(*batch.release);
  if (batch.writes()) operations_.finish();
  read(batch, result);
  commit_.run();
  if (!database_.good()) return failed();
  return result;
}

OperationResult SqliteWriter::apply(const Operation& operation) {
  if (const auto* start = std::get_if<JobStart>(&operation)) return jobs_.start(*start);
  if (const auto* stop = std::get_if<JobStop>(&operation)) return jobs_.stop(*stop);
  return operations_.apply(operation);
}

void SqliteWriter::begin(bool writes) {
  writes ? begin_write_.run() : begin_read_.run();
  check_alone();
}

void SqliteWriter::read(const Batch& batch, BatchResult& result) {
  for (const LaneId lane : operations_.woken()) {
    if (auto head = pages_.head_of(lane)) result.woken.push_back(std::move(*head));
  }
  for (const PageRequest& request : batch.pages) result.pages.push_back(pages_.read_page(request));
  if (batch.scan) result.lanes = pages_.scan_lanes(*batch.scan, result.scan_complete);
  if (batch.rows) result.rows = pages_.read_rows(*batch.rows);
  if (batch.sealed) result.sealed = operations_.read(*batch.sealed);
}

// Rolls back and says what is known. Only a full disk and a busy file leave the record as it was for certain.
BatchResult SqliteWriter::failed() {
  BatchResult result;
  roll_back();
  if (!broken() && database_.trouble()->fault == SqliteFault::kBroken) broken_because_ = database_.trouble()->message;
  result.fate = broken() ? BatchFate::kUnknown : BatchFate::kFailed;
  result.trouble = broken() ? broken_because_ : database_.trouble()->message;
  return result;
}

void SqliteWriter::roll_back() {
  if (broken()) return;
  if (sqlite3_get_autocommit(database_.handle()) == 0) {
    sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
  lanes_.forget();
  if (sqlite3_get_autocommit(database_.handle()) == 0) {
    broken_because_ = "the outbox could not roll a failed transaction back; restart ackd";
  }
  // After some errors SQLite drops its cache and counts that as a change by somebody else.
  const auto kept = database_.trouble();
  database_.clear_trouble();
  known_data_version_ = data_version();
  database_.clear_trouble();
  if (kept) database_.keep(*kept);
}

void SqliteWriter::check_alone() {
  if (!database_.good() || data_version() == known_data_version_ || !database_.good()) return;
  database_.note_contradiction(
      "another process has written to it, although this ackd owns it; find that process, check the record, restart");
}

std::int64_t SqliteWriter::data_version() {
  const SqliteRow row = data_version_.find();
  return row ? row.integer(0) : 0;
}

void SqliteWriter::tend() {
  if (broken()) return;
  database_.clear_trouble();
  check_alone();
  if (database_.good() && wal_frames_ >= checkpoint_at_frames_) checkpoint();
  if (!database_.good() && database_.trouble()->fault == SqliteFault::kBroken) {
    broken_because_ = database_.trouble()->message;
  }
}

// Made here, after the batch was answered, and not by SQLite inside the commit: SQLite drops the error of an automatic
// checkpoint, and a database whose sync failed must not have its WAL reset by the next one.
void SqliteWriter::checkpoint() {
  int frames = 0;
  int copied = 0;
  const int code = sqlite3_wal_checkpoint_v2(database_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &frames, &copied);
  database_.note(code, "checkpoint");
  // Once all is copied the next commit starts the WAL anew, and the hook counts from there.
  checkpoint_at_frames_ = code == SQLITE_OK && copied == frames ? kCheckpointFrames : frames + kCheckpointAgainFrames;
  wal_frames_ = 0;
}

}  // namespace ackd
