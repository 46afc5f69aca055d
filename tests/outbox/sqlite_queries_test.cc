#include "outbox/sqlite_queries.h"

#include <sqlite3.h>

#include "sqlite_store.h"

namespace ackd {
namespace {

using conformance::admit;
using conformance::after;
using conformance::apply;
using conformance::bring_to;
using conformance::notification;
using conformance::row_of;
using conformance::settlement;

std::vector<std::int64_t> ids(const ListPage& page) {
  std::vector<std::int64_t> found;
  for (const NotificationSummary& row : page.rows) found.push_back(row.id.value);
  return found;
}

using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("lists are newest first and every filter narrows them") {
  const TemporaryFolder folder;
  SqliteStore store(small_options(folder.file("outbox.db")));
  // Ids as they are handed out, because since and until use the time inside them.
  IdSource source(0, {});
  Ids all;
  for (int i = 0; i < 10; ++i) {
    Notification n = notification(source.next(after(i * 1'000)).value, i % 2 == 0 ? "even" : "odd");
    n.admitted_at = n.not_before = after(i * 1'000);
    n.subject = i < 3 ? "order-7" : "";
    n.type = i == 9 ? "refund" : "payment";
    admit(store, n, i == 8 ? "key missing" : "");
    all.insert(all.begin(), n.id.value);
  }
  const auto newest = [&](std::size_t i) { return all.at(i); };
  const auto settle = [&](std::size_t i, State state) {
    apply(store, settlement(row_of(store, newest(i))->row, state, after(90'000)));
  };
  settle(2, State::kExhausted);
  settle(3, State::kDelivered);
  settle(4, State::kPending);
  apply(store, conformance::wish(OperatorVerb::kCancel, newest(5)));

  ListFilter filter;
  CHECK(ids(store.list(filter)) == all);
  SUBCASE("by state, with what belongs to it") {
    const auto by = [&](State state) {
      filter.state = state;
      return store.list(filter);
    };
    CHECK(ids(by(State::kHeld)) == Ids{newest(1)});
    CHECK(by(State::kHeld).rows.at(0).reason == "key missing");
    CHECK(ids(by(State::kExhausted)) == Ids{newest(2)});
    CHECK(by(State::kExhausted).rows.at(0).finished_at == after(1'020));
    CHECK(ids(by(State::kDelivered)) == Ids{newest(3)});
    CHECK(by(State::kDelivered).rows.at(0).attempts == 1);
    CHECK(ids(by(State::kCancelled)) == Ids{newest(5)});
    CHECK(ids(by(State::kPending)) == Ids{all[0], all[4], all[6], all[7], all[8], all[9]});
    CHECK(by(State::kPending).rows.at(1).next_at == after(90'000));
  }
  SUBCASE("by merchant, type, subject and key") {
    filter.merchant = "odd";
    CHECK(ids(store.list(filter)) == Ids{all[0], all[2], all[4], all[6], all[8]});
    filter = {};
    filter.type = "refund";
    CHECK(ids(store.list(filter)) == Ids{all[0]});
    filter = {};
    filter.subject = "order-7";
    CHECK(ids(store.list(filter)) == Ids{all[7], all[8], all[9]});
    filter.before = {all[8]};
    CHECK(ids(store.list(filter)) == Ids{all[9]});
    filter = {};
    filter.key = "key-" + std::to_string(all[3]);
    CHECK(ids(store.list(filter)) == Ids{all[3]});
    filter.provider = "dhpay";
    filter.merchant = "even";
    CHECK(ids(store.list(filter)) == Ids{all[3]});
    filter.merchant = "odd";
    CHECK(ids(store.list(filter)).empty());
  }
  SUBCASE("by admission time, both ends included") {
    filter.since = after(2'000);
    filter.until = after(4'000);
    CHECK(ids(store.list(filter)) == Ids{all[5], all[6], all[7]});
    filter.until = EngineTime::max();
    filter.since = EngineTime::min();
    CHECK(ids(store.list(filter)) == all);
  }
  SUBCASE("pages join without a gap or a double") {
    filter.limit = 3;
    Ids joined;
    for (int pages = 0; pages < 10; ++pages) {
      const ListPage page = store.list(filter);
      for (const std::int64_t id : ids(page)) joined.push_back(id);
      if (!page.next_before) break;
      filter.before = *page.next_before;
    }
    CHECK(joined == all);
  }
}

TEST_CASE("a list looks at a bounded number of rows and says where it stopped") {
  const TemporaryFolder folder;
  SqliteStore store(small_options(folder.file("outbox.db")));
  const auto last = static_cast<std::int64_t>(kListScanMax) + 5;
  for (std::int64_t id = 1; id <= last;) {
    std::vector<Operation> admissions;
    for (; admissions.size() < kBatchOperationsMax && id <= last; ++id) {
      admissions.push_back(Admission{notification(id, id == 2 ? "rare" : "m1"), {}});
    }
    conformance::run(store, std::move(admissions));
  }
  ListFilter filter;
  filter.merchant = "rare";
  const ListPage first = store.list(filter);
  CHECK(first.rows.empty());
  REQUIRE(first.next_before.has_value());
  CHECK(first.next_before->value == 6);
  filter.before = *first.next_before;
  CHECK(ids(store.list(filter)) == Ids{2});

  // What a merchant has pending is found by its lanes, however much others have.
  filter = {};
  filter.provider = "dhpay";
  filter.merchant = "rare";
  filter.state = State::kPending;
  const ListPage pending = store.list(filter);
  CHECK(ids(pending) == Ids{2});
  CHECK_FALSE(pending.next_before.has_value());
  filter.merchant = "m1";
  CHECK(ids(store.list(filter)).front() == last);
}

TEST_CASE("lists by state and subject walk an index") {
  const TemporaryFolder folder;
  const std::string path = folder.file("outbox.db");
  REQUIRE(SqliteOutbox::open(small_options(path), [] {}).ok());
  auto database = SqliteDatabase::open(path, SqliteDatabase::Access::kReader);
  REQUIRE(database.ok());
  for (const SqliteListing::Source& source :
       {SqliteListing::kById, SqliteListing::kBySubject, SqliteListing::kHeld, SqliteListing::kExhausted,
        SqliteListing::kCancelled, SqliteListing::kQueueOfMerchant}) {
    SqliteStatement statement(**database, std::string("EXPLAIN QUERY PLAN ") + source.sql);
    std::string plan;
    for (SqliteRow row = statement.find(); row; row.next()) plan += row.text(3) + "\n";
    CAPTURE(plan);
    CHECK(plan.find(source.index) != std::string::npos);
    CHECK(plan.find("TEMP B-TREE") == std::string::npos);
  }
}

TEST_CASE("a reader cannot write") {
  const TemporaryFolder folder;
  const std::string path = folder.file("outbox.db");
  REQUIRE(SqliteOutbox::open(small_options(path), [] {}).ok());
  auto database = SqliteDatabase::open(path, SqliteDatabase::Access::kReader);
  REQUIRE(database.ok());
  CHECK_FALSE((*database)->run("UPDATE counter SET value=0").ok());
}

TEST_CASE("queries are answered in order, each with its ticket, while there is room") {
  const TemporaryFolder folder;
  const std::string path = folder.file("outbox.db");
  SqliteStore store(small_options(path));
  admit(store, notification(1));
  Wakeup wakeup;
  auto opened = SqliteQueries::open(path, wakeup.callback());
  REQUIRE(opened.ok());
  SqliteQueries& queries = **opened;
  for (Ticket ticket = 1; ticket <= SqliteQueries::kWaitingMax; ++ticket) {
    REQUIRE(queries.room());
    if (ticket % 2 == 0) {
      queries.start(ticket, CountsQuery{});
    } else {
      queries.start(ticket, ShowQuery{{static_cast<std::int64_t>(ticket)}});
    }
  }
  CHECK_FALSE(queries.room());
  std::vector<FinishedQuery> finished;
  CHECK(wakeup.wait_until([&] {
    for (FinishedQuery& query : queries.take_finished()) finished.push_back(std::move(query));
    return finished.size() == SqliteQueries::kWaitingMax;
  }));
  for (std::size_t i = 0; i < finished.size(); ++i) CHECK(finished[i].ticket == i + 1);
  CHECK(finished[0].answer.ok());
  CHECK(std::get<OutboxCounts>(*finished[1].answer).admitted == 1);
  CHECK(finished[2].answer.error().code == ErrorCode::kNotFound);
  CHECK(queries.room());
}

}  // namespace ackd
