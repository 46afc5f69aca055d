// Files of earlier schema versions, brought up to date by opening them.
#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "outbox/sqlite_schema.h"
#include "sqlite_store.h"

namespace ackd {
namespace {

using conformance::admit;
using conformance::apply;
using conformance::notification;
using conformance::row_of;
using conformance::settlement;

void run_sql(const std::string& path, const std::string& sql) {
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
  char* message = nullptr;
  sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &message);
  const std::string trouble = message == nullptr ? "" : message;
  sqlite3_free(message);
  sqlite3_close(handle);
  REQUIRE(trouble == "");
}

// Makes the file from the SQL of tests/outbox/version_1.sql.
void make_version_1(const std::string& path) {
  std::ifstream file(ACKD_SOURCE_DIR "/tests/outbox/version_1.sql");
  run_sql(path, std::string(std::istreambuf_iterator<char>(file), {}));
  ::chmod(path.c_str(), 0600);
}

}  // namespace

TEST_CASE("a file of version 1 is migrated, and everything in it is as it was") {
  const TemporaryFolder folder;
  const std::string path = folder.file("outbox.db");
  make_version_1(path);
  SqliteStore store(small_options(path));
  CHECK(store.outbox().opening().run == 5);
  CHECK(store.outbox().opening().newest_id == NotificationId{3});
  CHECK(store.activation().activations.empty());
  CHECK(store.activation().awaiting.empty());
  const auto pending = row_of(store, 3);
  REQUIRE(pending.has_value());
  CHECK_FALSE(pending->row.probe);
  CHECK(pending->row.content == "three");
  CHECK(store.show(1)->state == State::kDelivered);
  CHECK(store.show(1)->attempts.at(0).peer == "203.0.113.7:443");
  CHECK(store.show(2)->state == State::kHeld);
  CHECK(store.show(2)->reason == "key missing");
  CHECK_FALSE(store.show(2)->notification.probe);
  CHECK(apply(store, settlement(pending->row, State::kDelivered)).applied == Applied::kApplied);
  CHECK(store.counts().by_state == std::array<std::uint64_t, kStateCount>{0, 1, 2, 0, 0});
}

TEST_CASE("activation works in a migrated file, and what was held before it stays held") {
  const TemporaryFolder folder;
  const std::string path = folder.file("outbox.db");
  make_version_1(path);
  SqliteStore store(small_options(path));
  apply(store, Admission{notification(10), "not activated", true});
  Batch batch;
  batch.release = ReleaseSlice{{"dhpay", "m1"}, 10, conformance::after(0)};
  CHECK(store.run(std::move(batch)).release_complete);
  CHECK(row_of(store, 10).has_value());
  CHECK_FALSE(row_of(store, 2).has_value());
  Admission probe{notification(11), {}, false};
  probe.notification.probe = true;
  apply(store, probe);
  Settlement acknowledged = settlement(row_of(store, 11)->row, State::kDelivered);
  acknowledged.probed_url = "https://shop.example/notify";
  apply(store, acknowledged);
  CHECK(store.activation().activations.size() == 1);
}

TEST_CASE("a pause of a file before version 5 goes on without an end, and may be given one") {
  const TemporaryFolder folder;
  const std::string path = folder.file("outbox.db");
  make_version_1(path);
  {
    SqliteStore store(small_options(path));
    apply(store, MerchantPauseChange{{{"dhpay", "m1"}, "before"}, true, conformance::after(0)});
  }
  run_sql(path,
          "ALTER TABLE lane DROP COLUMN standing; ALTER TABLE merchant DROP COLUMN pause_until;"
          " PRAGMA user_version=4");
  SqliteStore store(small_options(path));
  REQUIRE(store.merchants().paused.size() == 1);
  CHECK_FALSE(store.merchants().paused[0].until.has_value());
  apply(store, MerchantPauseChange{{{"dhpay", "m1"}, "before", conformance::after(60)}, true, conformance::after(0)});
  CHECK(store.merchants().paused[0].until == conformance::after(60));
}

TEST_CASE("nothing is known of the lanes of a file before version 6, until something is heard of them") {
  const TemporaryFolder folder;
  const std::string path = folder.file("outbox.db");
  make_version_1(path);
  {
    SqliteStore store(small_options(path));
    apply(store, conformance::heard(store, 3, std::nullopt));
  }
  run_sql(path, "ALTER TABLE lane DROP COLUMN standing; PRAGMA user_version=5");
  SqliteStore store(small_options(path));
  CHECK(conformance::standing_of(store, 3) == LaneStanding::kUnknown);
  apply(store, conformance::heard(store, 3, LaneStanding::kAnswers));
  CHECK(conformance::standing_of(store, 3) == LaneStanding::kAnswers);
  CHECK(row_of(store, 3)->row.progress.attempts == 2);
}

TEST_CASE("what awaits an activation is found by its index alone") {
  const TemporaryFolder folder;
  auto database = SqliteDatabase::open(folder.file("outbox.db"), SqliteDatabase::Access::kWriter);
  REQUIRE(database.ok());
  REQUIRE(migrate(**database).ok());
  SqliteStatement plan(**database,
                       "EXPLAIN QUERY PLAN SELECT id FROM standing WHERE awaits=? AND awaits<>0"
                       " ORDER BY id LIMIT ?");
  std::string text;
  for (SqliteRow row = plan.find(1, 10); row; row.next()) text += row.text(3) + "\n";
  CHECK(text.find("standing_awaits") != std::string::npos);
  CHECK(text.find("TEMP B-TREE") == std::string::npos);
}

}  // namespace ackd
