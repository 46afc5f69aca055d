#include "outbox/sqlite_queries.h"

#include <fmt/format.h>

#include "outbox/sqlite_counters.h"
#include "outbox/sqlite_inbox.h"
#include "outbox/sqlite_schema.h"

namespace ackd {

Result<std::unique_ptr<SqliteQueries>> SqliteQueries::open(const std::string& path, std::function<void()> wake) {
  auto database = SqliteDatabase::open(path, SqliteDatabase::Access::kReader);
  if (!database) return database.error();
  if (const Status schema = check_schema(**database); !schema) return schema.error();
  std::unique_ptr<SqliteQueries> queries(new SqliteQueries(std::move(*database), std::move(wake)));
  if (const Status prepared = queries->database_->status(); !prepared) return prepared.error();
  queries->thread_ = std::thread([self = queries.get()] { self->answer_queries(); });
  return queries;
}

SqliteQueries::SqliteQueries(std::unique_ptr<SqliteDatabase> database, std::function<void()> wake)
    : database_(std::move(database)),
      records_(*database_),
      listing_(*database_),
      jobs_(*database_),
      wake_(std::move(wake)) {}

SqliteQueries::~SqliteQueries() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void SqliteQueries::start(Ticket ticket, Query query) {
  CHECK_THAT(room(), "more queries than there is room for");
  ++waiting_;
  {
    const std::lock_guard lock(mutex_);
    questions_.emplace_back(ticket, std::move(query));
  }
  changed_.notify_one();
}

std::vector<FinishedQuery> SqliteQueries::take_finished() {
  std::vector<FinishedQuery> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(finished_);
  }
  waiting_ -= taken.size();
  return taken;
}

void SqliteQueries::answer_queries() {
  while (const auto question = wait_for_question()) {
    FinishedQuery finished{question->first, answer(question->second)};
    {
      const std::lock_guard lock(mutex_);
      finished_.push_back(std::move(finished));
    }
    // Outside the lock: whoever is woken may hold a lock of its own while it takes the answer.
    wake_();
  }
}

// Nothing when stopping.
std::optional<std::pair<Ticket, Query>> SqliteQueries::wait_for_question() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !questions_.empty() || stopping_; });
  if (stopping_) return std::nullopt;
  auto question = std::move(questions_.front());
  questions_.pop_front();
  return question;
}

Result<QueryAnswer> SqliteQueries::answer(const Query& query) {
  end_transaction();  // there is one if the last could not be ended for want of memory
  if (const Status begun = database_->run("BEGIN"); !begun) return begun.error();
  Result<QueryAnswer> found = read(query);
  const Status good = database_->status();
  end_transaction();
  if (!good) return good.error();
  return found;
}

void SqliteQueries::end_transaction() {
  sqlite3* handle = database_->handle();
  if (sqlite3_get_autocommit(handle) == 0) sqlite3_exec(handle, "COMMIT", nullptr, nullptr, nullptr);
}

Result<QueryAnswer> SqliteQueries::read(const Query& query) {
  if (const auto* show = std::get_if<ShowQuery>(&query)) {
    if (auto record = records_.read(show->id)) return QueryAnswer(std::move(*record));
    return Error{ErrorCode::kNotFound, fmt::format("there is no notification {}", show->id.value), {}};
  }
  if (const auto* filter = std::get_if<ListFilter>(&query)) return QueryAnswer(listing_.list(*filter));
  if (const auto* matches = std::get_if<MatchesQuery>(&query)) return QueryAnswer(listing_.matches(*matches));
  if (const auto* errors = std::get_if<InboxErrorsQuery>(&query)) {
    return QueryAnswer(read_inbox_errors(*database_, *errors));
  }
  if (const auto* jobs = std::get_if<JobsQuery>(&query)) return QueryAnswer(jobs_.list(*jobs));
  if (const auto* asked = std::get_if<JobQuery>(&query)) {
    if (auto job = jobs_.find(asked->id)) return QueryAnswer(std::move(*job));
    return Error{ErrorCode::kNotFound, fmt::format("there is no job {}", asked->id.value), {}};
  }
  return QueryAnswer(read_counts(*database_));
}

}  // namespace ackd
