#include "sim/power_loss_rig.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <utility>

#include "outbox/sqlite_outbox.h"
#include "outbox/sqlite_schema.h"
#include "outbox/sqlite_store.h"
#include "sim/record_check.h"

namespace ackd::sim {
namespace {

void mix(std::uint64_t& digest, std::string_view bytes) {
  digest = (digest ^ std::hash<std::string_view>{}(bytes)) * 0x9e3779b97f4a7c15ULL + bytes.size();
}

void mix_rows(SqliteDatabase& database, const std::string& table, std::uint64_t& digest) {
  const std::string columns = table == "meta" ? "* FROM meta WHERE name<>'run'" : "* FROM \"" + table + "\"";
  sqlite3_stmt* all = nullptr;
  database.note(sqlite3_prepare_v2(database.handle(), ("SELECT " + columns).c_str(), -1, &all, nullptr), table);
  int code = SQLITE_OK;
  while ((code = sqlite3_step(all)) == SQLITE_ROW) {
    for (int column = 0; column < sqlite3_column_count(all); ++column) {
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(all, column));
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(all, column));
      mix(digest, bytes == nullptr ? std::string_view("null") : std::string_view(bytes, size));
    }
  }
  database.note(code, table);
  sqlite3_finalize(all);
}

}  // namespace

RealWriter::RealWriter(const std::string& path) : disk_(path, small_options(path).disk) {
  auto database = SqliteDatabase::open(path, SqliteDatabase::Access::kWriter, PowerLossVfs::kName);
  if (!database || !migrate(**database)) return;
  database_ = std::move(*database);
  writer_ = std::make_unique<SqliteWriter>(*database_, disk_, 1);
}

bool RealWriter::checkpoint() {
  const int code = sqlite3_wal_checkpoint_v2(database_->handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  return code == SQLITE_OK || code == SQLITE_FULL;
}

std::uint64_t digest_of(SqliteDatabase& database) {
  std::uint64_t digest = 0;
  std::vector<std::string> tables;
  {
    SqliteStatement schema(database, "SELECT name FROM sqlite_schema WHERE type='table' ORDER BY name");
    for (SqliteRow row = schema.find(); row; row.next()) tables.push_back(row.text(0));
  }
  for (const std::string& table : tables) {
    mix(digest, table);
    mix_rows(database, table, digest);
  }
  return digest;
}

PowerLossRig::PowerLossRig(std::vector<Batch> batches) : batches_(std::move(batches)) {
  Unobserved observer;
  ModelRecord record;
  records_.push_back(record);
  for (const Batch& batch : batches_) {
    answers_.push_back(ModelWriter(record, observer).apply(batch));
    records_.push_back(record);
  }
}

void PowerLossRig::note_digest(std::size_t after, std::uint64_t digest) {
  if (digests_.size() == after) digests_.push_back(digest);
}

Progression PowerLossRig::run(PowerLossVfs& vfs, const RunOptions& options) {
  std::filesystem::remove(path_);
  RealWriter real(path_);
  Progression known;
  if (!real.is_open()) return known;
  if (!options.pragma.empty()) (void)real.database().run(options.pragma);
  note_digest(0, digest_of(real.database()));
  while (known.answered < std::min(batches_.size(), options.batches)) {
    vfs.mark(2 * ++known.submitted);
    const Batch& batch = batches_[known.answered];
    BatchResult result = real.writer().execute(batch);
    if (result.fate == BatchFate::kFailed) result = run_with_room(vfs, real, known);
    if (result.fate == BatchFate::kUnknown) check_stopped(vfs, real, batch);
    if (result.fate != BatchFate::kCommitted) break;
    vfs.mark(2 * ++known.answered + 1);
    if (options.checks_answers) {
      for (const std::string& each : differences(result, answers_[known.answered - 1])) {
        wrong_.push_back(fmt::format("batch {}: {}", known.answered, each));
      }
    }
    note_digest(known.answered, digest_of(real.database()));
    real.writer().tend();
    if (known.answered % kCheckpointEvery == 0 && !real.checkpoint()) break;
  }
  return known;
}

// A disk that was full and is so no longer. Nothing of the batch may be on record meanwhile.
BatchResult PowerLossRig::run_with_room(PowerLossVfs& vfs, RealWriter& real, Progression known) {
  const Batch& batch = batches_[known.answered];
  if (!vfs.is_full()) wrong_.emplace_back("a batch failed on a disk that is not full");
  if (real.writer().execute(batch).fate != BatchFate::kFailed) wrong_.emplace_back("a full disk took a batch");
  real.database().clear_trouble();
  if (digest_of(real.database()) != digests_[known.answered]) {
    wrong_.push_back(fmt::format("batch {} failed and left something", known.submitted));
  }
  vfs.make_room();
  return real.writer().execute(batch);
}

// Nothing is taken any more, and nothing touches the disk.
void PowerLossRig::check_stopped(const PowerLossVfs& vfs, RealWriter& real, const Batch& batch) {
  const std::uint64_t before = vfs.changes();
  real.writer().tend();
  if (real.writer().execute(batch).fate != BatchFate::kUnknown) wrong_.emplace_back("a batch was taken after kUnknown");
  if (vfs.changes() != before) wrong_.emplace_back("the disk was touched after kUnknown");
}

std::vector<std::string> PowerLossRig::learn() {
  PowerLossVfs vfs;
  const Progression reached = run(vfs, {SIZE_MAX, true, {}});
  if (reached.answered != batches_.size()) wrong_.push_back(fmt::format("batch {} failed", reached.submitted));
  return take_wrong();
}

void PowerLossRig::put(const DiskImage& image) const {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) std::filesystem::remove(path_ + suffix);
  for (const auto& [name, bytes] : image) {
    std::ofstream(name, std::ios::binary) << bytes;
    std::filesystem::permissions(name, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
}

std::optional<std::string> PowerLossRig::judge(const DiskImage& image, Progression known) {
  ++judged_;
  put(image);
  const auto opened = SqliteOutbox::open(small_options(path_), [] {});
  if (!opened) return "it does not open: " + opened.error().message;
  auto database = SqliteDatabase::open(path_, SqliteDatabase::Access::kReader);
  if (!database) return "it cannot be read: " + database.error().message;
  SqliteStatement check(**database, "PRAGMA integrity_check");
  if (const SqliteRow row = check.find(); row.text(0) != "ok") return "it is damaged: " + row.text(0);
  const std::uint64_t digest = digest_of(**database);
  if (!(*database)->good()) return "it cannot be read: " + (*database)->trouble()->message;
  found_ = digest == digests_[known.answered] ? known.answered : known.submitted;
  if (digest == digests_[found_]) return std::nullopt;
  for (std::size_t batch = 0; batch < digests_.size(); ++batch) {
    if (digests_[batch] != digest) continue;
    return fmt::format("it is as after batch {}, but batch {} was answered and {} is in flight", batch, known.answered,
                       known.submitted);
  }
  return fmt::format("it is as after no batch, with {} answered and {} in flight", known.answered, known.submitted);
}

std::vector<std::string> PowerLossRig::compare(const DiskImage& image) {
  put(image);
  SqliteStore store(small_options(path_));
  return differences(store, records_[found_]);
}

std::optional<std::string> PowerLossRig::judge_recovery(const DiskImage& image, Progression known, std::size_t points,
                                                        std::mt19937_64& random) {
  std::vector<DiskChange> log;
  {
    PowerLossVfs vfs(image);
    SqliteOutboxOptions options = small_options(path_);
    options.vfs = PowerLossVfs::kName;
    const auto opened = SqliteOutbox::open(options, [] {});
    if (!opened) return "it does not open on the power-loss disk: " + opened.error().message;
    log = vfs.log();
  }
  std::optional<std::string> wrong;
  const std::size_t stride = 1 + log.size() / points;
  for_each_change(log, image, stride, [&](const PowerLossDisk& disk, Progression) {
    wrong = judge(disk.cut(random, cuts_), known);
    return !wrong;
  });
  return wrong;
}

}  // namespace ackd::sim
