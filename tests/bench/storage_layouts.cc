// Which storage layout settles fastest? Migration 1 was chosen with this program; run it again before changing a table.
//
// A settle is what the outbox does for every attempt, many to one transaction: append the attempt, delete the queue
// row, then either record the notification as finished (70 %) or queue it again for later (30 %), and keep the lane's
// counters.
//
// Every layout but `append` finds, from an id alone, all its attempts and its exact queue row (column "story"), and
// each deletes finished rows by age ("purges"): a layout that only writes well is of no use. "pages" is what a settle
// hands to the WAL; it does not depend on the machine, so compare it first where the disk or a neighbour makes the
// rates jump.

#include <stdlib.h>
#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "storage_candidates.h"
#include "storage_sqlite.h"
#include "storage_workload.h"

namespace ackd::bench {
namespace {

using Clock = std::chrono::steady_clock;

Facts facts_of(const Pending& row) {
  Facts facts{};
  facts[kId] = row.id, facts[kLane] = row.lane, facts[kClass] = row.retry_class, facts[kDue] = row.due;
  facts[kN] = row.n, facts[kSeq] = row.newest;
  facts[kNextClass] = row.retry_class, facts[kNextDue] = row.due, facts[kNow] = kBaseMs;
  return facts;
}

void load(Database& database, const Layout& layout, const Workload& work, std::int64_t lanes) {
  const auto write_all = [&](const std::string& sql, const std::vector<std::size_t>& order) {
    if (sql.empty()) return;
    Statement statement(database, sql);
    for (const std::size_t i : order) statement.write(facts_of(work.rows()[i]));
  };
  database.run("PRAGMA synchronous=OFF; " + layout.schema + "BEGIN");
  write_all(layout.admit, work.by_id());
  if (work.has_backlog()) {
    write_all(layout.attempt, work.by_id());
    write_all(layout.state, work.by_id());
    database.run(layout.merge);
  }
  write_all(layout.enqueue, work.by_queue_key());
  for (std::int64_t lane = 0; lane < lanes; ++lane) {
    database.run("INSERT INTO counter VALUES(" + std::to_string(lane) + ",0,0)");
  }
  database.run("COMMIT;" + layout.index_after_load + ";PRAGMA wal_checkpoint(TRUNCATE)");
}

// --- The measuring ------------------------------------------------------------------------------------------------

struct Figures {
  double settles_per_s, cpu_us, commit_p50_ms, commit_p99_ms, wal_pages, growth_bytes, story_us, purges_per_s;
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double percentile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values.at(static_cast<std::size_t>(share * static_cast<double>(values.size() - 1)));
}

constexpr std::int64_t kSettlesPerMerge = 100'000;  // Bounds the index entries that the daemon would keep in memory.

class Settler {
 public:
  Settler(Database& database, const Layout& layout, Workload& work)
      : database_(database),
        work_(work),
        attempt_(database, layout.attempt),
        finish_(prepare(database, layout.finish)),
        retry_(prepare(database, layout.retry)),
        count_(database, "UPDATE counter SET pending=pending+:pending, done=done+:done WHERE lane=:lane"),
        merge_(layout.merge) {}

  // Returns the seconds that the commit took, sync and checkpoint included.
  double settle_batch(std::int64_t size, bool sorted) {
    std::vector<Pending> batch;
    for (std::int64_t i = 0; i < size; ++i) batch.push_back(work_.next());
    if (sorted) std::ranges::sort(batch, {}, &Pending::id);
    std::map<std::int64_t, Facts> counters;
    database_.run("BEGIN IMMEDIATE");
    for (const Pending& row : batch) settle(row, counters[row.lane]);
    for (auto& [lane, facts] : counters) facts[kLane] = lane, count_.write(facts);
    if (std::ssize(settled_ids_) % kSettlesPerMerge == 0) merge();
    const auto start = Clock::now();
    database_.run("COMMIT");
    return seconds_since(start);
  }
  void merge() { database_.run(merge_); }
  const std::vector<std::int64_t>& settled_ids() const { return settled_ids_; }

 private:
  void settle(const Pending& row, Facts& counters) {
    const bool finished = work_.finishes(row);
    Facts facts = facts_of(row);
    facts[kN] = row.n + 1;
    facts[kSeq] = work_.next_seq();
    facts[kPrev] = row.newest;
    facts[kNow] = kBaseMs + facts[kSeq] / 8;
    facts[kState] = finished ? 1 : 0;
    facts[kNextClass] = 1;
    facts[kNextDue] = std::max(row.due, facts[kNow]) + (finished ? 0 : Workload::retry_delay_ms(row.n));
    attempt_.write(facts);
    for (Statement& statement : finished ? finish_ : retry_) statement.write(facts);
    ++counters[finished ? kDone : kPending];
    settled_ids_.push_back(row.id);
    if (!finished) work_.retry({row.id, row.lane, facts[kNextDue], 1, facts[kN], facts[kSeq]});
  }

  Database& database_;
  Workload& work_;
  Statement attempt_;
  std::vector<Statement> finish_, retry_;
  Statement count_;
  std::string merge_;
  std::vector<std::int64_t> settled_ids_;
};

double story_microseconds(Database& database, const Layout& layout, const std::vector<std::int64_t>& ids) {
  if (layout.story.empty()) return 0;
  constexpr std::size_t kSamples = 2'000;
  Statement story(database, layout.story);
  std::mt19937_64 random(2);
  const auto start = Clock::now();
  for (std::size_t i = 0; i < kSamples; ++i) {
    Facts facts{};
    facts[kId] = ids[random() % ids.size()];
    story.bind(facts);
    std::int64_t attempts = 0;
    while (story.step()) ++attempts;
    story.reset();
    if (attempts == 0) throw std::runtime_error(layout.name + ": an id without a story");
  }
  return seconds_since(start) * 1e6 / kSamples;
}

// Deletes the oldest finished rows with all that belongs to them, a batch at a time; returns rows per second.
double purge(Database& database, const Layout& layout, std::int64_t batch) {
  constexpr int kBatches = 20;
  Statement oldest(database, layout.oldest + " LIMIT " + std::to_string(batch));
  std::vector<Statement> purges = prepare(database, layout.purge);
  std::int64_t purged = 0;
  const auto start = Clock::now();
  for (int i = 0; i < kBatches; ++i) {
    std::vector<Facts> rows;
    for (; oldest.step(); ++purged) {
      Facts& facts = rows.emplace_back();
      facts[kNow] = oldest.column(0), facts[kId] = oldest.column(1), facts[kSeq] = oldest.column(2);
    }
    oldest.reset();
    database.run("BEGIN IMMEDIATE");
    for (const Facts& facts : rows)
      for (Statement& statement : purges) statement.write(facts);
    database.run("COMMIT");
  }
  return static_cast<double>(purged) / seconds_since(start);
}

Figures measure(Database& database, const Layout& layout, Workload& work, std::int64_t batch, std::int64_t batches,
                bool sorted) {
  Settler settler(database, layout, work);
  const auto settled = static_cast<double>(batch * batches);
  const std::int64_t bytes_before = database.bytes_in_use();
  std::vector<double> commits;
  database.pages_written();
  const double cpu_before = cpu_seconds();
  const auto start = Clock::now();
  for (std::int64_t i = 0; i < batches; ++i) commits.push_back(settler.settle_batch(batch, sorted));
  settler.merge();  // Work put off is still work.
  const double elapsed = seconds_since(start);
  Figures figures{};
  figures.settles_per_s = settled / elapsed;
  figures.cpu_us = (cpu_seconds() - cpu_before) * 1e6 / settled;
  figures.commit_p50_ms = percentile(commits, 0.50) * 1e3;
  figures.commit_p99_ms = percentile(commits, 0.99) * 1e3;
  figures.wal_pages = database.pages_written() / settled;
  figures.growth_bytes = static_cast<double>(database.bytes_in_use() - bytes_before) / settled;
  figures.story_us = story_microseconds(database, layout, settler.settled_ids());
  figures.purges_per_s = purge(database, layout, batch);
  return figures;
}

// --- The command line ---------------------------------------------------------------------------------------------

struct Options {
  std::int64_t rows = 2'000'000;
  std::int64_t batches = 300;
  bool sorted = false;
  std::vector<std::int64_t> lanes = {1, 1'000};
  std::vector<std::int64_t> batch_sizes = {1'000, 100};
  std::vector<std::string> orders = {"ordered", "random"};
  std::string layout;
  std::filesystem::path directory = std::filesystem::temp_directory_path();
};

constexpr const char* kUsage =
    "usage: ackd_bench_storage_layouts [--rows N] [--lanes N] [--order ordered|random] [--batch N] [--batches N]\n"
    "                                  [--layout NAME] [--sorted 0|1] [--dir DIRECTORY]\n"
    "Without options every layout is measured in every case. --sorted 1 settles each batch in id order.\n";

std::int64_t positive(const std::string& text) {
  std::int64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value).ptr;
  if (end != text.data() + text.size() || value < 1) throw std::invalid_argument(text + ": not a positive number");
  return value;
}

Options parse(const std::vector<std::string>& arguments) {
  Options options;
  if (arguments.size() % 2 != 0) throw std::invalid_argument("every option takes a value");
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const std::string& name = arguments[i];
    const std::string& value = arguments[i + 1];
    if (name == "--rows")
      options.rows = positive(value);
    else if (name == "--batches")
      options.batches = positive(value);
    else if (name == "--lanes")
      options.lanes = {positive(value)};
    else if (name == "--batch")
      options.batch_sizes = {positive(value)};
    else if (name == "--order" && (value == "ordered" || value == "random"))
      options.orders = {value};
    else if (name == "--layout")
      options.layout = value;
    else if (name == "--sorted")
      options.sorted = value == "1";
    else if (name == "--dir")
      options.directory = value;
    else
      throw std::invalid_argument(name + " " + value);
  }
  return options;
}

class ScratchDirectory {
 public:
  explicit ScratchDirectory(const std::filesystem::path& parent)
      : path_((parent / "ackd_storage_layouts.XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot create " + path_);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path file() const { return std::filesystem::path(path_) / "outbox.db"; }

 private:
  std::string path_;
};

constexpr int kSynchronousFull = 2;
constexpr int kVacuumIncremental = 2;

using FloorRates = std::map<std::string, double>;  // Settle rate of the first layout measured, by case.

void print(const std::string& layout, const std::string& condition, const Figures& f, FloorRates& floors) {
  const double floor = floors.try_emplace(condition, f.settles_per_s).first->second;
  std::printf("%-12s%-22s%9.0f %5.2f %7.1f %8.2f %8.2f %7.3f %8.0f %7.1f %9.0f\n", layout.c_str(), condition.c_str(),
              f.settles_per_s, f.settles_per_s / floor, f.cpu_us, f.commit_p50_ms, f.commit_p99_ms, f.wal_pages,
              f.growth_bytes, f.story_us, f.purges_per_s);
  std::fflush(stdout);
}

void measure_layout(const Options& options, const Layout& layout, std::int64_t lanes, const std::string& order,
                    FloorRates& floors) {
  const ScratchDirectory scratch(options.directory);
  Workload work(options.rows, lanes, order == "random");
  {
    Database loading(scratch.file());
    load(loading, layout, work, lanes);
  }
  // A fresh connection, so that no layout starts with the cache its loading left behind.
  Database database(scratch.file());
  if (database.ask("PRAGMA synchronous") != kSynchronousFull ||
      database.ask("PRAGMA auto_vacuum") != kVacuumIncremental) {
    throw std::runtime_error("SQLite did not take the pragmas that are to be measured");
  }
  for (const std::int64_t batch : options.batch_sizes) {
    const std::int64_t batches = std::max<std::int64_t>(1, std::min(options.batches, options.rows / batch / 4));
    const Figures figures = measure(database, layout, work, batch, batches, options.sorted);
    print(layout.name, order + " " + std::to_string(lanes) + " x" + std::to_string(batch), figures, floors);
  }
}

void measure_all(const Options& options) {
  std::vector<Layout> chosen = layouts();
  std::erase_if(chosen, [&](const Layout& layout) { return !options.layout.empty() && layout.name != options.layout; });
  if (chosen.empty()) throw std::invalid_argument("--layout " + options.layout);
  if (options.rows < 4 * std::ranges::max(options.batch_sizes))
    throw std::invalid_argument("--rows: below four batches");
  std::printf("SQLite %s, %lld pending rows; ratio is to %s\n", sqlite3_libversion(),
              static_cast<long long>(options.rows), chosen.front().name.c_str());
  std::printf("%-12s%-22s%9s %5s %7s %8s %8s %7s %8s %7s %9s\n", "layout", "order lanes xbatch", "settles/s", "ratio",
              "cpu us", "p50 ms", "p99 ms", "pages", "growth B", "story us", "purges/s");
  FloorRates floors;
  for (const std::string& order : options.orders)
    for (const std::int64_t lanes : options.lanes)
      for (const Layout& layout : chosen) measure_layout(options, layout, lanes, order, floors);
}

}  // namespace
}  // namespace ackd::bench

int main(int count, char** arguments) {
  try {
    ackd::bench::measure_all(ackd::bench::parse({arguments + 1, arguments + count}));
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "%s\n%s", error.what(), ackd::bench::kUsage);
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ackd_bench_storage_layouts: %s\n", error.what());
    return 1;
  }
}
