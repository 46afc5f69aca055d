// Show, list and counts on a read-only connection of its own, on its own thread. Each answer is one short read
// transaction over a bounded number of rows: a reader that stays open keeps the WAL from being reused.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "outbox/queries.h"
#include "outbox/sqlite_database.h"
#include "outbox/sqlite_jobs.h"
#include "outbox/sqlite_listing.h"
#include "outbox/sqlite_record.h"

namespace ackd {

class SqliteQueries final : public OutboxQueries {
 public:
  // The database must exist with the current schema: open the SqliteOutbox first. `wake` is called from the reader's
  // thread when take_finished() has news.
  static Result<std::unique_ptr<SqliteQueries>> open(const std::string& path, std::function<void()> wake);
  // Drops what was not answered yet.
  ~SqliteQueries() override;
  SqliteQueries(const SqliteQueries&) = delete;
  SqliteQueries& operator=(const SqliteQueries&) = delete;

  // Questions that wait or are answered but not taken.
  static constexpr std::size_t kWaitingMax = 64;

  bool room() const override { return waiting_ < kWaitingMax; }
  void start(Ticket ticket, Query query) override;
  std::vector<FinishedQuery> take_finished() override;

 private:
  SqliteQueries(std::unique_ptr<SqliteDatabase> database, std::function<void()> wake);
  void answer_queries();
  std::optional<std::pair<Ticket, Query>> wait_for_question();
  Result<QueryAnswer> answer(const Query& query);
  void end_transaction();
  Result<QueryAnswer> read(const Query& query);

  std::unique_ptr<SqliteDatabase> database_;
  SqliteRecordReader records_;
  SqliteListing listing_;
  SqliteJobReader jobs_;
  std::function<void()> wake_;
  std::size_t waiting_ = 0;  // the loop's thread only

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<Ticket, Query>> questions_;  // guarded by mutex_
  std::vector<FinishedQuery> finished_;             // guarded by mutex_
  bool stopping_ = false;                           // guarded by mutex_
  std::thread thread_;
};

}  // namespace ackd
