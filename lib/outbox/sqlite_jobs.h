// Jobs in the tables: what they are, how far each has come, and the steps that they take inside the transaction that
// SqliteWriter opened.
#pragma once

#include <optional>
#include <vector>

#include "outbox/outbox.h"
#include "outbox/queries.h"
#include "outbox/sqlite_database.h"
#include "outbox/sqlite_operations.h"

namespace ackd {

class SqliteJobReader {
 public:
  explicit SqliteJobReader(SqliteDatabase& database);

  // All mean nothing after trouble, which the database keeps.
  std::optional<Job> find(JobId id);
  JobsPage list(const JobsQuery& query);
  // Oldest first.
  std::vector<Job> running();

 private:
  Job read(const SqliteRow& row);

  SqliteDatabase& database_;
  SqliteStatement by_id_, newest_, running_;
};

class SqliteJobs {
 public:
  // Changes are made by `operations`, which must outlive this.
  SqliteJobs(SqliteDatabase& database, SqliteOperations& operations);

  OperationResult start(const JobStart& start);
  OperationResult stop(const JobStop& stop);
  // The results of the slice's changes, in order.
  std::vector<OperationResult> advance(const JobSlice& slice);

 private:
  SqliteDatabase& database_;
  SqliteOperations& operations_;
  SqliteStatement add_, state_, stop_, advance_;
};

}  // namespace ackd
