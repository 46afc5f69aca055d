// Lanes in SQLite beyond the contract: what keeping their standing costs, and that it lasts.
#include <sqlite3.h>

#include <span>

#include "outbox/disk_space.h"
#include "outbox/sqlite_schema.h"
#include "outbox/sqlite_writer.h"
#include "sqlite_store.h"

namespace ackd {
namespace {

using conformance::after;
using conformance::notification;
using conformance::settlement;

// A writer whose statements are counted.
class Counted {
 public:
  Counted() : disk_(folder_.file("outbox.db"), small_options(folder_.file("outbox.db")).disk) {
    auto opened = SqliteDatabase::open(folder_.file("outbox.db"), SqliteDatabase::Access::kWriter);
    REQUIRE(opened.ok());
    database_ = std::move(*opened);
    REQUIRE(migrate(*database_).ok());
    writer_ = std::make_unique<SqliteWriter>(*database_, disk_, 1);
    const auto count = [](unsigned, void* self, void*, void*) {
      ++static_cast<Counted*>(self)->statements_;
      return 0;
    };
    sqlite3_trace_v2(database_->handle(), SQLITE_TRACE_STMT, count, this);
  }

  int statements_of(const Batch& batch) {
    statements_ = 0;
    REQUIRE(writer_->execute(batch).fate == BatchFate::kCommitted);
    return statements_;
  }
  // Rows 1 to `rows` of one merchant, as its lane hands them out.
  std::vector<DueNotification> admit(std::int64_t rows) {
    Batch batch;
    for (std::int64_t id = 1; id <= rows; ++id) batch.operations.push_back(Admission{notification(id), {}});
    batch.pages.push_back({LaneId{1}, DueClass::kFresh, EngineTime::max(), 1'000, 1u << 20, {}});
    const BatchResult result = writer_->execute(batch);
    REQUIRE(result.fate == BatchFate::kCommitted);
    return result.pages.at(0).rows;
  }

 private:
  TemporaryFolder folder_;
  DiskSpace disk_;
  std::unique_ptr<SqliteDatabase> database_;
  std::unique_ptr<SqliteWriter> writer_;
  int statements_ = 0;
};

Batch delivered(std::span<const DueNotification> rows) {
  Batch batch;
  for (const DueNotification& row : rows) batch.operations.push_back(settlement(row, State::kDelivered));
  return batch;
}

}  // namespace

TEST_CASE("a lane's standing costs one statement when it changes, and none for a row that only repeats it") {
  Counted counted;
  const std::vector<DueNotification> rows = counted.admit(300);
  const std::span<const DueNotification> all(rows);
  const int without = counted.statements_of(delivered(all.first(100)));
  Batch first = delivered(all.subspan(100, 100));
  std::get<Settlement>(first.operations[0]).standing = LaneStanding::kAnswers;
  CHECK(counted.statements_of(first) == without + 1);
  CHECK(counted.statements_of(delivered(all.subspan(200))) == without);
  MESSAGE(without << " statements for a batch of 100 rows");
  CHECK(without <= 100 * 4 + 20);
}

TEST_CASE("a lane's standing outlives a restart, unless its configured merchant has moved meanwhile") {
  const TemporaryFolder folder;
  const SqliteOutboxOptions options = small_options(folder.file("outbox.db"));
  const auto restart = [&](const std::string& url) {
    auto outbox = SqliteOutbox::open(options, [] {});
    REQUIRE(outbox.ok());
    REQUIRE((*outbox)->store_configured_urls({{{"dhpay", "m1"}, url}}).ok());
  };
  const auto standing = [&] {
    SqliteStore store(options);
    return conformance::standing_of(store, 1);
  };
  restart("https://a.example/");
  {
    SqliteStore store(options);
    conformance::admit(store, notification(1));
    conformance::apply(store, conformance::heard(store, 1, LaneStanding::kSqueezed));
  }
  CHECK(standing() == LaneStanding::kSqueezed);
  restart("https://a.example/elsewhere");
  CHECK(standing() == LaneStanding::kSqueezed);
  restart("https://b.example/");
  CHECK(standing() == LaneStanding::kUnknown);
}

}  // namespace ackd
