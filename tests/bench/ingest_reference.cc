// What SQLite alone does with the rows of an ingest: the tables, indexes and pragmas of the outbox, prepared
// statements, so many rows a commit, FULL, checkpoints as the outbox makes them, and nothing else. Prints one JSON
// object.
//
//   ackd_bench_ingest_reference FOLDER ROWS ROWS_PER_COMMIT CONTENT_BYTES
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "outbox/sqlite_database.h"
#include "outbox/sqlite_schema.h"

namespace {

using namespace ackd;
using Clock = std::chrono::steady_clock;

constexpr int kCheckpointFrames = 4'000;
constexpr std::int64_t kNow = 1'772'366'400'000;
constexpr std::int64_t kWeekMs = 7 * 86'400'000LL;
constexpr std::int64_t kLanes = 10;

class Reference {
 public:
  Reference(SqliteDatabase& database, std::size_t content_bytes)
      : database_(database),
        content_(content_bytes, 'x'),
        key_(database, "INSERT INTO admission_key(merchant, key, id, content_hash) VALUES(?,?,?,?)"),
        notification_(database,
                      "INSERT INTO notification(id, lane, not_before, content_hash, revision, admitted_at, replay_of,"
                      " subject, type, key, url, tags, content, probe) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
        queue_(database,
               "INSERT INTO queue(lane, class, next_at, id, version, attempts, steps, noted) VALUES(?,?,?,?,?,?,?,?)"),
        begin_(database, "BEGIN IMMEDIATE"),
        commit_(database, "COMMIT") {
    sqlite3_wal_hook(
        database.handle(),
        [](void* self, sqlite3*, const char*, int frames) {
          static_cast<Reference*>(self)->frames_ = frames;
          return SQLITE_OK;
        },
        this);
  }

  void batch(std::int64_t first, std::int64_t rows) {
    begin_.run();
    for (std::int64_t row = first; row < first + rows; ++row) insert(row);
    commit_.run();
    if (frames_ < kCheckpointFrames) return;
    sqlite3_wal_checkpoint_v2(database_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    frames_ = 0;
  }

 private:
  void insert(std::int64_t row) {
    const std::int64_t lane = row % kLanes + 1;
    const std::string subject = fmt::format("o-{}-{}", kNow / 1'000, row);
    const std::string key = subject + "/payment/00";
    const NotificationId id{(kNow << 12U) + row};
    key_.run(lane, key, id, hash_);
    notification_.run(id, lane, kNow + kWeekMs, hash_, 1, kNow, nullptr, subject, "payment", key, "", SqliteBlob{""},
                      SqliteBlob{content_}, 0);
    queue_.run(lane, 0, kNow + kWeekMs, id, 0, 0, 0, 0);
  }

  SqliteDatabase& database_;
  std::string content_;
  SqliteStatement key_, notification_, queue_, begin_, commit_;
  Hash hash_{};
  int frames_ = 0;
};

double cpu_us() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& time) { return static_cast<double>(time.tv_sec) * 1e6 + double(time.tv_usec); };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    fmt::print(stderr, "ackd_bench_ingest_reference FOLDER ROWS ROWS_PER_COMMIT CONTENT_BYTES\n");
    return 2;
  }
  const std::int64_t rows = std::max(1L, std::atol(argv[2]));
  const std::int64_t each = std::max(1L, std::atol(argv[3]));
  auto database = SqliteDatabase::open(std::string(argv[1]) + "/reference.db", SqliteDatabase::Access::kWriter);
  if (!database || !migrate(**database)) return 1;
  Reference reference(**database, static_cast<std::size_t>(std::atol(argv[4])));
  std::vector<std::int64_t> commits_us;
  const double cpu_before = cpu_us();
  const auto started = Clock::now();
  for (std::int64_t row = 0; row < rows; row += each) {
    const auto begun = Clock::now();
    reference.batch(row, std::min(each, rows - row));
    commits_us.push_back(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun).count());
  }
  const double took = std::chrono::duration<double>(Clock::now() - started).count();
  const double cpu = cpu_us() - cpu_before;
  if (!(*database)->good()) {
    fmt::print(stderr, "{}\n", (*database)->trouble()->message);
    return 1;
  }
  std::ranges::sort(commits_us);
  const auto count = static_cast<double>(rows);
  fmt::print(R"({{"rows_per_second":{:.0f},"cpu_us":{:.2f},"p50_us":{},"p99_us":{}}})"
             "\n",
             count / took, cpu / count, commits_us[commits_us.size() / 2], commits_us[commits_us.size() * 99 / 100]);
}
