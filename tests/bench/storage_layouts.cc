// Which storage layout settles fastest? Migration 1 was chosen by this program; run it again before changing a table.
//
// A settle is what the outbox does for every attempt, many to one transaction: delete the queue row, append the attempt,
// then either record the notification as finished (70 %) or queue it again for later (30 %), and keep the lane's counters.
//
//   ordered   the fresh path: rows fall due in id order and settle nearly in id order; no row has an attempt yet.
//   random    the backlog path: due times spread over a day, so ids settle scattered; every row has one attempt already.
//
// Every layout but `append` can find, from an id alone, all its attempts and its exact queue row ("story"), and delete
// finished rows by age ("purge"); both are measured too, because a layout that only writes well is of no use.

#include <sqlite3.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <map>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kBaseMs = 1'700'000'000'000;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::ptrdiff_t kInFlight = 256;             // Transfers end out of order within about this many.
constexpr std::int64_t kSettlesBeforeRetry = 40'000;  // A retried row settles again after this many others.
constexpr std::array<std::int64_t, 5> kRetryDelaysMs = {120'000, 600'000, 1'800'000, 3'600'000, 7'200'000};

// --- SQLite, as little as is needed -------------------------------------------------------------------------------

enum Fact { kId, kN, kSeq, kPrev, kLane, kClass, kDue, kNextClass, kNextDue, kNow, kState, kPending, kDone, kFacts };
constexpr std::array<std::string_view, kFacts> kFactNames = {":id",  ":n",          ":seq",      ":prev", ":lane",
                                                            ":class", ":due",    ":next_class", ":next_due",
                                                            ":now", ":state",      ":pending",  ":done"};
using Facts = std::array<std::int64_t, kFacts>;

class Database {
 public:
  explicit Database(const std::filesystem::path& file) {
    check(sqlite3_open(file.c_str(), &handle_), "open");
    run("PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=4000");
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() { sqlite3_close_v2(handle_); }

  void check(int code, std::string_view what) const {
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
    throw std::runtime_error(std::string(what) + ": " + sqlite3_errmsg(handle_));
  }
  void run(const std::string& sql) { check(sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr), sql); }
  sqlite3* handle() const { return handle_; }

 private:
  sqlite3* handle_ = nullptr;
};

// A prepared statement that binds the facts its text names, so one settlement can be handed to any layout's statements.
class Statement {
 public:
  Statement(Database& database, const std::string& sql) : database_(&database) {
    database.check(sqlite3_prepare_v3(database.handle(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &handle_, nullptr), sql);
    for (int i = 1; i <= sqlite3_bind_parameter_count(handle_); ++i) resolve(i, sqlite3_bind_parameter_name(handle_, i));
  }
  Statement(Statement&& other) noexcept
      : database_(other.database_), handle_(std::exchange(other.handle_, nullptr)), bound_(std::move(other.bound_)) {}
  Statement& operator=(Statement&&) = delete;
  ~Statement() { sqlite3_finalize(handle_); }

  void bind(const Facts& facts) {
    for (const auto& [index, fact] : bound_) sqlite3_bind_int64(handle_, index, facts[fact]);
  }
  bool step() {
    const int code = sqlite3_step(handle_);
    database_->check(code, sqlite3_sql(handle_));
    return code == SQLITE_ROW;
  }
  void reset() { sqlite3_reset(handle_); }
  std::int64_t column(int index) { return sqlite3_column_int64(handle_, index); }

  // Writes exactly one row or more: a settle that finds nothing would make a layout look fast.
  void write(const Facts& facts) {
    bind(facts);
    step();
    reset();
    if (sqlite3_changes(database_->handle()) == 0) throw std::runtime_error(std::string("no row: ") + sqlite3_sql(handle_));
  }

 private:
  void resolve(int index, std::string_view name) {
    const auto found = std::find(kFactNames.begin(), kFactNames.end(), name);
    if (found == kFactNames.end()) throw std::runtime_error("unknown parameter " + std::string(name));
    bound_.emplace_back(index, static_cast<std::size_t>(found - kFactNames.begin()));
  }

  Database* database_;
  sqlite3_stmt* handle_ = nullptr;
  std::vector<std::pair<int, std::size_t>> bound_;
};

std::int64_t ask(Database& database, const std::string& sql) {
  Statement statement(database, sql);
  return statement.step() ? statement.column(0) : 0;
}

// --- The candidates -----------------------------------------------------------------------------------------------

struct Layout {
  std::string name;
  std::string schema;
  std::string index_after_load;       // Built once, as loading two million rows through it says nothing about settling.
  std::string admit;                  // For each pending row, in id order; may be empty.
  std::string enqueue;                // For each pending row, in the order of the queue's key; may be empty.
  std::string attempt;                // For each settlement, and for the first attempts of the backlog.
  std::string state;                  // With each attempt, where state is kept in a table of its own; may be empty.
  std::vector<std::string> finish;
  std::vector<std::string> retry;
  std::string story;                  // All attempts of an id, newest state included; empty if it cannot be found.
  std::string oldest;                 // (at, id, newest) of finished rows by age.
  std::vector<std::string> purge;     // For each of those.
};

const std::string kQueueTable =
    "CREATE TABLE queue(lane INTEGER NOT NULL, class INTEGER NOT NULL, next_at INTEGER NOT NULL, id INTEGER NOT NULL,"
    " version INTEGER NOT NULL, newest INTEGER NOT NULL, PRIMARY KEY(lane,class,next_at,id)) STRICT, WITHOUT ROWID;";
const std::string kCounterTable =
    "CREATE TABLE counter(lane INTEGER PRIMARY KEY, pending INTEGER NOT NULL, done INTEGER NOT NULL) STRICT;";
const std::string kDoneTable =
    "CREATE TABLE done(at INTEGER NOT NULL, id INTEGER NOT NULL, state INTEGER NOT NULL, newest INTEGER NOT NULL,"
    " PRIMARY KEY(at,id)) STRICT, WITHOUT ROWID;";
const std::string kOutcomeColumns =
    "started_at INTEGER NOT NULL, duration_ms INTEGER NOT NULL, outcome INTEGER NOT NULL, status INTEGER NOT NULL,"
    " state INTEGER NOT NULL, class INTEGER NOT NULL, next_at INTEGER NOT NULL, request_hash BLOB NOT NULL,"
    " chain BLOB NOT NULL, answer BLOB NOT NULL";
const std::string kOutcome =
    ":now,120,2,200,:state,:next_class,:next_due,zeroblob(32),zeroblob(32),zeroblob(96)";
const std::string kAttemptTable =
    "CREATE TABLE attempt(seq INTEGER PRIMARY KEY, id INTEGER NOT NULL, n INTEGER NOT NULL, prev INTEGER NOT NULL, " +
    kOutcomeColumns + ") STRICT;";
const std::string kSmallState =
    "state INTEGER NOT NULL, lane INTEGER NOT NULL, class INTEGER NOT NULL, next_at INTEGER NOT NULL,"
    " version INTEGER NOT NULL, newest INTEGER NOT NULL";
const std::string kDequeue = "DELETE FROM queue WHERE lane=:lane AND class=:class AND next_at=:due AND id=:id";
const std::string kStoryColumns = "SELECT n, state, class, next_at, chain, answer FROM ";

// `append`: attempts in arrival order, a pointer to the newest in the queue or done row. The floor that the others are
// measured against; it breaks the rule that an id alone finds its attempts.
Layout append_layout() {
  Layout layout;
  layout.name = "append";
  layout.schema = kCounterTable + kQueueTable + kDoneTable + kAttemptTable;
  layout.enqueue = "INSERT INTO queue VALUES(:lane,:class,:due,:id,:n,:seq)";
  layout.attempt = "INSERT INTO attempt VALUES(:seq,:id,:n,:prev," + kOutcome + ")";
  layout.finish = {kDequeue, "INSERT INTO done VALUES(:now,:id,:state,:seq)"};
  layout.retry = {kDequeue, "INSERT INTO queue VALUES(:lane,:next_class,:next_due,:id,:n,:seq)"};
  layout.oldest = "SELECT at, id, newest FROM done ORDER BY at, id";
  layout.purge = {"DELETE FROM attempt WHERE seq IN (WITH RECURSIVE chain(seq) AS (SELECT :seq UNION ALL SELECT prev"
                  " FROM chain CROSS JOIN attempt USING(seq) WHERE prev>0) SELECT seq FROM chain)",
                  "DELETE FROM done WHERE at=:now AND id=:id"};
  return layout;
}

// Attempts that are found by (id, n) need no pointer.
Layout keyed_layout(const std::string& name, const std::string& table, const std::string& key, const std::string& of_id) {
  Layout layout = append_layout();
  layout.name = name;
  layout.schema = kCounterTable + kQueueTable + kDoneTable + table;
  layout.enqueue = "INSERT INTO queue VALUES(:lane,:class,:due,:id,:n,0)";
  layout.attempt = "INSERT INTO attempt VALUES(" + key + "," + kOutcome + ")";
  layout.finish[1] = "INSERT INTO done VALUES(:now,:id,:state,0)";
  layout.retry[1] = "INSERT INTO queue VALUES(:lane,:next_class,:next_due,:id,:n,0)";
  layout.story = kStoryColumns + "attempt WHERE " + of_id;
  layout.purge[0] = "DELETE FROM attempt WHERE " + of_id;
  return layout;
}

Layout clustered_layout() {
  return keyed_layout("clustered", "CREATE TABLE attempt(id INTEGER NOT NULL, n INTEGER NOT NULL, " + kOutcomeColumns +
                      ", PRIMARY KEY(id,n)) STRICT, WITHOUT ROWID;", ":id,:n", "id=:id");
}

Layout indexed_layout() {
  return keyed_layout("indexed", "CREATE TABLE attempt(seq INTEGER PRIMARY KEY, id INTEGER NOT NULL, n INTEGER NOT NULL, " +
                      kOutcomeColumns + ") STRICT; CREATE UNIQUE INDEX attempt_id ON attempt(id,n);",
                      ":seq,:id,:n", "id=:id");
}

// The low eight bits of every id are zero, so id | n is an INTEGER PRIMARY KEY: one tree, integer compares, rows only in
// leaves, and attempts of fresh notifications append.
Layout rowkey_layout() {
  Layout layout = keyed_layout("rowkey", "CREATE TABLE attempt(key INTEGER PRIMARY KEY, " + kOutcomeColumns + ") STRICT;",
                               ":id|:n", "key BETWEEN :id AND :id+255");
  layout.story = "SELECT key&255, state, class, next_at, chain, answer FROM attempt WHERE key BETWEEN :id AND :id+255";
  return layout;
}

std::string story_by_pointer(const std::string& table) {
  return "WITH RECURSIVE chain(seq) AS (SELECT newest FROM " + table + " WHERE id=:id UNION ALL SELECT prev FROM chain"
         " CROSS JOIN attempt USING(seq) WHERE prev>0) SELECT n, state, class, next_at, chain, answer"
         " FROM chain CROSS JOIN attempt USING(seq)";
}

// `append` plus a small row for each id, written in place, that points at the newest attempt.
Layout state_layout() {
  Layout layout = append_layout();
  layout.name = "state";
  layout.schema += "CREATE TABLE state(id INTEGER PRIMARY KEY, " + kSmallState + ") STRICT;";
  layout.state = "REPLACE INTO state VALUES(:id,:state,:lane,:next_class,:next_due,:n,:seq)";
  layout.finish.push_back(layout.state);
  layout.retry.push_back(layout.state);
  layout.story = story_by_pointer("state");
  layout.purge.push_back("DELETE FROM state WHERE id=:id");
  return layout;
}

// The queue as a rowid table with an index of what is pending; its rows stay as the small state of finished ones.
Layout rowid_queue_layout() {
  Layout layout = append_layout();
  layout.name = "rowid_queue";
  layout.schema = kCounterTable + kDoneTable + kAttemptTable + "CREATE TABLE queue(id INTEGER PRIMARY KEY, " + kSmallState + ") STRICT;";
  layout.index_after_load = "CREATE INDEX queue_due ON queue(lane,class,next_at) WHERE state=0";
  layout.admit = "INSERT INTO queue VALUES(:id,0,:lane,:class,:due,:n,:seq)";
  layout.enqueue.clear();
  layout.finish = {"UPDATE queue SET state=:state, version=:n, newest=:seq WHERE id=:id", layout.finish[1]};
  layout.retry = {"UPDATE queue SET class=:next_class, next_at=:next_due, version=:n, newest=:seq WHERE id=:id"};
  layout.story = story_by_pointer("queue");
  layout.purge.push_back("DELETE FROM queue WHERE id=:id");
  return layout;
}

// State and pointer as columns of the row that holds the payload; finished rows found by a partial index.
Layout wide_layout() {
  Layout layout = append_layout();
  layout.name = "wide_row";
  layout.schema = kCounterTable + kQueueTable + kAttemptTable + "CREATE TABLE notification(id INTEGER PRIMARY KEY, " + kSmallState +
                  ", done_at INTEGER, payload BLOB NOT NULL) STRICT;"
                  "CREATE INDEX notification_done ON notification(done_at) WHERE done_at IS NOT NULL;";
  layout.admit = "INSERT INTO notification VALUES(:id,0,:lane,:class,:due,:n,:seq,NULL,zeroblob(600))";
  layout.finish[1] = "UPDATE notification SET state=:state, version=:n, newest=:seq, done_at=:now WHERE id=:id";
  layout.retry.push_back("UPDATE notification SET class=:next_class, next_at=:next_due, version=:n, newest=:seq WHERE id=:id");
  layout.story = story_by_pointer("notification");
  layout.oldest = "SELECT done_at, id, newest FROM notification WHERE done_at IS NOT NULL ORDER BY done_at";
  layout.purge[1] = "DELETE FROM notification WHERE id=:id";
  return layout;
}

std::vector<Layout> layouts() {
  return {append_layout(), clustered_layout(), indexed_layout(), state_layout(),
          rowkey_layout(), rowid_queue_layout(), wide_layout()};
}

// --- The work -----------------------------------------------------------------------------------------------------

struct Pending {
  std::int64_t id, lane, due, retry_class, n, newest;
};

// Hands out the rows in the order in which lanes, taking turns, would settle them; retried rows come round again.
class Workload {
 public:
  Workload(std::int64_t rows, std::int64_t lanes, bool random_due) {
    for (std::int64_t i = 0; i < rows; ++i) {
      const std::int64_t at = kBaseMs + i / 8;
      const std::int64_t due = random_due ? kBaseMs + draw(kDayMs) : at;
      // Time-ordered ids of 61 bits, so that their varints have the real length; the low eight bits stay zero.
      rows_.push_back({(at << 20) | (i % 8 << 8), draw(lanes), due, random_due, random_due, random_due ? i + 1 : 0});
    }
    take_turns();
    next_seq_ = random_due ? rows + 1 : 1;
  }

  const std::vector<Pending>& rows() const { return rows_; }
  const std::vector<std::size_t>& by_id() const { return by_id_; }
  const std::vector<std::size_t>& by_queue_key() const { return by_key_; }
  bool has_backlog() const { return rows_.front().n > 0; }
  std::int64_t next_seq() { return next_seq_++; }
  bool finishes(const Pending& row) { return row.n > std::ssize(kRetryDelaysMs) || draw(100) < 70; }

  Pending next() {
    ++settled_;
    if (retries_.empty() || retries_.front().first > settled_) return rows_[turns_.at(position_++)];
    const Pending row = retries_.front().second;
    retries_.pop_front();
    return row;
  }
  void retry(const Pending& row) { retries_.emplace_back(settled_ + kSettlesBeforeRetry, row); }

 private:
  std::int64_t draw(std::int64_t below) { return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(below)); }

  void take_turns() {
    by_id_.resize(rows_.size());
    std::iota(by_id_.begin(), by_id_.end(), std::size_t{0});
    by_key_ = by_id_;
    std::ranges::sort(by_key_, {}, [&](std::size_t i) { return std::tuple(rows_[i].lane, rows_[i].due, rows_[i].id); });
    std::map<std::int64_t, std::int64_t> turn_of_lane;
    std::vector<std::pair<std::int64_t, std::size_t>> turns;
    for (const std::size_t i : by_key_) turns.emplace_back(turn_of_lane[rows_[i].lane]++, i);
    std::ranges::stable_sort(turns, {}, &std::pair<std::int64_t, std::size_t>::first);
    for (const auto& turn : turns) turns_.push_back(turn.second);
    for (auto first = turns_.begin(); turns_.end() - first >= kInFlight; first += kInFlight) {
      std::shuffle(first, first + kInFlight, random_);
    }
  }

  std::mt19937_64 random_{1};
  std::vector<Pending> rows_;
  std::vector<std::size_t> by_id_, by_key_, turns_;
  std::deque<std::pair<std::int64_t, Pending>> retries_;
  std::size_t position_ = 0;
  std::int64_t settled_ = 0, next_seq_ = 1;
};

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

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double percentile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values.at(static_cast<std::size_t>(share * static_cast<double>(values.size() - 1)));
}

std::int64_t bytes_in_use(Database& database) {
  return (ask(database, "PRAGMA page_count") - ask(database, "PRAGMA freelist_count")) * ask(database, "PRAGMA page_size");
}

// Pages handed to the WAL since the last call: what a slower disk than this one would feel.
int pages_written(Database& database) {
  int current = 0, highest = 0;
  sqlite3_db_status(database.handle(), SQLITE_DBSTATUS_CACHE_WRITE, &current, &highest, 1);
  return current;
}

std::vector<Statement> prepare(Database& database, const std::vector<std::string>& texts) {
  std::vector<Statement> statements;
  for (const std::string& text : texts) statements.emplace_back(database, text);
  return statements;
}

class Settler {
 public:
  Settler(Database& database, const Layout& layout, Workload& work)
      : database_(database), work_(work), attempt_(database, layout.attempt), finish_(prepare(database, layout.finish)),
        retry_(prepare(database, layout.retry)),
        count_(database, "UPDATE counter SET pending=pending+:pending, done=done+:done WHERE lane=:lane") {}

  // Returns the seconds that the commit took, sync and checkpoint included.
  double settle_batch(std::int64_t size, bool sorted) {
    std::vector<Pending> batch;
    for (std::int64_t i = 0; i < size; ++i) batch.push_back(work_.next());
    if (sorted) std::ranges::sort(batch, {}, &Pending::id);
    std::map<std::int64_t, Facts> counters;
    database_.run("BEGIN IMMEDIATE");
    for (const Pending& row : batch) settle(row, counters[row.lane]);
    for (auto& [lane, facts] : counters) facts[kLane] = lane, count_.write(facts);
    const auto start = Clock::now();
    database_.run("COMMIT");
    return seconds_since(start);
  }
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
    facts[kNextDue] = std::max(row.due, facts[kNow]) + kRetryDelaysMs[static_cast<std::size_t>(row.n) % kRetryDelaysMs.size()];
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
    for (const Facts& facts : rows) for (Statement& statement : purges) statement.write(facts);
    database.run("COMMIT");
  }
  return static_cast<double>(purged) / seconds_since(start);
}

Figures measure(Database& database, const Layout& layout, Workload& work, std::int64_t batch, std::int64_t batches, bool sorted) {
  Settler settler(database, layout, work);
  const auto settled = static_cast<double>(batch * batches);
  const std::int64_t bytes_before = bytes_in_use(database);
  std::vector<double> commits;
  pages_written(database);
  const double cpu_before = cpu_seconds();
  const auto start = Clock::now();
  for (std::int64_t i = 0; i < batches; ++i) commits.push_back(settler.settle_batch(batch, sorted));
  const double elapsed = seconds_since(start);
  Figures figures{};
  figures.settles_per_s = settled / elapsed;
  figures.cpu_us = (cpu_seconds() - cpu_before) * 1e6 / settled;
  figures.commit_p50_ms = percentile(commits, 0.50) * 1e3;
  figures.commit_p99_ms = percentile(commits, 0.99) * 1e3;
  figures.wal_pages = pages_written(database) / settled;
  figures.growth_bytes = static_cast<double>(bytes_in_use(database) - bytes_before) / settled;
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
    "         [--layout append|clustered|indexed|state|rowkey|rowid_queue|wide_row] [--sorted 0|1] [--dir DIRECTORY]\n";

std::int64_t positive(const std::string& text) {
  const std::int64_t value = std::stoll(text);
  if (value < 1) throw std::invalid_argument(text + ": must be at least 1");
  return value;
}

Options parse(const std::vector<std::string>& arguments) {
  Options options;
  if (arguments.size() % 2 != 0) throw std::invalid_argument("every option takes a value");
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const std::string& name = arguments[i];
    const std::string& value = arguments[i + 1];
    if (name == "--rows") options.rows = positive(value);
    else if (name == "--batches") options.batches = positive(value);
    else if (name == "--lanes") options.lanes = {positive(value)};
    else if (name == "--batch") options.batch_sizes = {positive(value)};
    else if (name == "--order" && (value == "ordered" || value == "random")) options.orders = {value};
    else if (name == "--layout") options.layout = value;
    else if (name == "--sorted") options.sorted = value == "1";
    else if (name == "--dir") options.directory = value;
    else throw std::invalid_argument(name + " " + value);
  }
  return options;
}

class ScratchDirectory {
 public:
  explicit ScratchDirectory(const std::filesystem::path& parent) : path_((parent / "ackd_storage_layouts.XXXXXX").string()) {
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

using FloorRates = std::map<std::string, double>;  // Settle rate of the first layout measured, by case.

void print(const std::string& layout, const std::string& condition, const Figures& f, FloorRates& floors) {
  const double floor = floors.try_emplace(condition, f.settles_per_s).first->second;
  std::printf("%-12s%-22s%9.0f %5.2f %7.1f %8.2f %8.2f %7.3f %8.0f %7.1f %9.0f\n", layout.c_str(), condition.c_str(),
              f.settles_per_s, f.settles_per_s / floor, f.cpu_us, f.commit_p50_ms, f.commit_p99_ms, f.wal_pages,
              f.growth_bytes, f.story_us, f.purges_per_s);
  std::fflush(stdout);
}

void measure_layout(const Options& options, const Layout& layout, std::int64_t lanes, const std::string& order, FloorRates& floors) {
  const ScratchDirectory scratch(options.directory);
  Workload work(options.rows, lanes, order == "random");
  {
    Database loading(scratch.file());
    load(loading, layout, work, lanes);
  }
  // A fresh connection, so that no layout starts with the cache its loading left behind.
  Database database(scratch.file());
  database.run("PRAGMA synchronous=FULL");
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
  std::printf("SQLite %s, %lld pending rows; ratio is to %s\n", sqlite3_libversion(), static_cast<long long>(options.rows),
              chosen.front().name.c_str());
  std::printf("%-12s%-22s%9s %5s %7s %8s %8s %7s %8s %7s %9s\n", "layout", "order lanes xbatch", "settles/s", "ratio", "cpu us",
              "p50 ms", "p99 ms", "pages", "growth B", "story us", "purges/s");
  FloorRates floors;
  for (const std::string& order : options.orders)
    for (const std::int64_t lanes : options.lanes)
      for (const Layout& layout : chosen) measure_layout(options, layout, lanes, order, floors);
}

}  // namespace

int main(int count, char** arguments) {
  try {
    measure_all(parse({arguments + 1, arguments + count}));
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "%s\n%s", error.what(), kUsage);
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ackd_bench_storage_layouts: %s\n", error.what());
    return 1;
  }
}
