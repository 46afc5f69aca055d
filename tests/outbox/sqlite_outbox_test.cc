#include "outbox/sqlite_outbox.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <set>

#include "outbox/attempt_chain.h"
#include "outbox/sqlite_schema.h"
#include "sqlite_store.h"

namespace ackd {
namespace {

using conformance::admit;
using conformance::after;
using conformance::apply;
using conformance::notification;
using conformance::row_of;
using conformance::settlement;
using conformance::wish;

// Statements by a connection that is not the outbox's.
void run_sql(const std::string& path, const std::string& sql) {
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
  CHECK(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(handle);
}

std::string refusal(const std::string& path) {
  const auto opened = SqliteOutbox::open(small_options(path), [] {});
  REQUIRE_FALSE(opened.ok());
  return opened.error().message;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Batch batch_of(Operation operation) {
  Batch batch;
  batch.operations.push_back(std::move(operation));
  return batch;
}

}  // namespace

TEST_CASE("everything admitted and settled is there after a reopen") {
  const TemporaryFolder folder;
  const auto options = small_options(folder.file("outbox.db"));
  SqliteStore store(options);
  CHECK(store.outbox().opening().run == 1);
  CHECK(store.outbox().opening().newest_id.value == 0);
  Notification n = notification(5);
  n.tags = std::string("\0bytes", 6);
  n.url = "https://example.com/a";
  n.replay_of = NotificationId{4};
  n.not_before = after(50);
  admit(store, n);
  admit(store, notification(6), "key missing");
  Settlement first = settlement(row_of(store, 5)->row, State::kPending, after(120'000));
  first.attempt->excerpt = std::string("\0<b>fail", 8);
  first.attempt->nonce = "n1";
  first.attempt->peer = "203.0.113.7:443";
  first.attempt->signed_at = {123};
  first.attempt->end = TransferEnd::kBroken;
  apply(store, first);
  apply(store, settlement(row_of(store, 5)->row, State::kExhausted));
  store.close();
  store.open(options);

  const OutboxOpening& opening = store.outbox().opening();
  CHECK(opening.run == 2);
  CHECK(opening.newest_id.value == 6);
  CHECK(opening.newest_record == after(2'020));
  CHECK(opening.counts.attempts == 2);
  CHECK(opening.counts.by_state == std::array<std::uint64_t, kStateCount>{0, 1, 0, 1, 0});

  const auto record = store.show(5);
  REQUIRE(record.has_value());
  CHECK(record->state == State::kExhausted);
  CHECK(record->finished_at == after(2'020));
  CHECK(record->progress == Progress{2, 2, 2});
  CHECK(record->notification.lane == n.lane);
  CHECK(record->notification.content == n.content);
  CHECK(record->notification.tags == n.tags);
  CHECK(record->notification.url == n.url);
  CHECK(record->notification.key == n.key);
  CHECK(record->notification.content_hash == n.content_hash);
  CHECK(record->notification.not_before == n.not_before);
  CHECK(record->notification.replay_of == n.replay_of);
  REQUIRE(record->attempts.size() == 2);
  CHECK(record->attempts[0].excerpt == first.attempt->excerpt);
  CHECK(record->attempts[0].nonce == "n1");
  CHECK(record->attempts[0].peer == "203.0.113.7:443");
  CHECK(record->attempts[0].signed_at.ms == 123);
  CHECK(record->attempts[0].end == TransferEnd::kBroken);
  CHECK(record->attempts[0].request_hash == first.attempt->request_hash);
  CHECK(store.show(6)->state == State::kHeld);
  CHECK(store.show(6)->reason == "key missing");
  CHECK_FALSE(store.show(7).has_value());
}

TEST_CASE("each link of the chain is recomputed from the attempts on record") {
  const TemporaryFolder folder;
  SqliteStore store(small_options(folder.file("outbox.db")));
  admit(store, notification(1));
  apply(store, settlement(row_of(store, 1)->row, State::kPending, after(1)));
  // A change without an attempt in between does not break it.
  apply(store, wish(OperatorVerb::kHold, 1));
  apply(store, wish(OperatorVerb::kRelease, 1));
  apply(store, settlement(row_of(store, 1)->row, State::kPending, after(2)));
  apply(store, settlement(row_of(store, 1)->row, State::kDelivered));
  const auto record = store.show(1);
  REQUIRE(record->attempts.size() == 3);
  Hash link = chain_start(record->notification.content_hash, {1});
  for (std::size_t i = 0; i < 3; ++i) {
    link = chain_next(link, record->attempts[i]);
    CHECK(record->chain[i] == link);
  }
  Attempt edited = record->attempts[2];
  edited.reason += "!";
  CHECK(chain_next(record->chain[1], edited) != record->chain[2]);
}

TEST_CASE("a replay says what it is a copy of and has a key of its own") {
  const TemporaryFolder folder;
  SqliteStore store(small_options(folder.file("outbox.db")));
  conformance::bring_to(store, 1, State::kExhausted);
  apply(store, wish(OperatorVerb::kRetry, 1));
  const auto copy = store.show(1'000'001);
  REQUIRE(copy.has_value());
  CHECK(copy->notification.replay_of == NotificationId{1});
  CHECK(copy->notification.key == "key-1#replay-1000001");
  CHECK(copy->notification.admitted_at == after(60'000));
  CHECK(copy->notification.content_hash == notification(1).content_hash);
}

TEST_CASE("a cancelled intent is on record with the operator's reason and the attempt") {
  const TemporaryFolder folder;
  SqliteStore store(small_options(folder.file("outbox.db")));
  admit(store, notification(1));
  const DueNotification row = row_of(store, 1)->row;
  OperatorChange cancel = wish(OperatorVerb::kCancel, 1);
  cancel.in_flight = true;
  apply(store, cancel);
  CHECK(store.show(1)->cancel_asked);
  apply(store, settlement(row, State::kPending, after(1)));
  const auto record = store.show(1);
  CHECK(record->state == State::kCancelled);
  CHECK(record->reason == "an operator's reason");
  CHECK(record->attempts.size() == 1);
  CHECK_FALSE(record->cancel_asked);
}

TEST_CASE("an attempt whose predecessors were lost is still recorded") {
  const TemporaryFolder folder;
  SqliteStore store(small_options(folder.file("outbox.db")));
  admit(store, notification(1));
  Settlement late = settlement(row_of(store, 1)->row, State::kPending, after(1));
  late.attempt->number = 3;
  CHECK(apply(store, late).applied == Applied::kApplied);
  CHECK(row_of(store, 1)->row.progress.attempts == 3);
}

TEST_CASE("a profile text keeps its number across restarts") {
  const TemporaryFolder folder;
  const std::string path = folder.file("outbox.db");
  RevisionId first;
  {
    auto outbox = SqliteOutbox::open(small_options(path), [] {});
    REQUIRE(outbox.ok());
    first = *(*outbox)->store_revision("dhpay", conformance::hash_of(1), "text one");
    CHECK(*(*outbox)->store_revision("dhpay", conformance::hash_of(1), "text one") == first);
    CHECK(*(*outbox)->store_revision("dhpay", conformance::hash_of(2), "text two") != first);
  }
  auto outbox = SqliteOutbox::open(small_options(path), [] {});
  REQUIRE(outbox.ok());
  CHECK(*(*outbox)->store_revision("dhpay", conformance::hash_of(1), "text one") == first);
  const auto revisions = (*outbox)->load_revisions();
  REQUIRE(revisions.ok());
  REQUIRE(revisions->size() == 2);
  CHECK((*revisions)[0].id == first);
  CHECK((*revisions)[0].text == "text one");
  CHECK((*revisions)[1].hash == conformance::hash_of(2));
}

TEST_CASE("a lane's slot is FNV-1a 64 of its identity modulo 1024, for ever") {
  CHECK(slot_of({"dhpay", "499800", ""}) == 19);
  CHECK(slot_of({"dhpay", "499800", "https://example.com:443"}) == 966);
}

TEST_CASE("a batch of reads only writes nothing") {
  const TemporaryFolder folder;
  SqliteStore store(small_options(folder.file("outbox.db")));
  const LaneId lane = admit(store, notification(1));
  const auto size = [&] { return std::filesystem::file_size(folder.file("outbox.db-wal")); };
  const auto before = size();
  conformance::page(store, lane, DueClass::kFresh);
  CHECK(size() == before);
}

TEST_CASE("every id whose commit was answered is there after kill -9") {
  const TemporaryFolder folder;
  const std::string path = folder.file("outbox.db");
  std::set<std::int64_t> promised;
  std::int64_t next_id = 1;
  for (int round = 0; round < 5; ++round) {
    int pipe_ends[2];
    REQUIRE(::pipe(pipe_ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      SqliteStore store(small_options(path));
      for (std::int64_t id = next_id;; id += 3) {
        Batch batch;
        for (std::int64_t i = id; i < id + 3; ++i) batch.operations.push_back(Admission{notification(i), {}});
        if (store.run(std::move(batch)).fate != BatchFate::kCommitted) ::_exit(1);
        if (::write(pipe_ends[1], &id, sizeof id) != sizeof id) ::_exit(1);
      }
    }
    ::close(pipe_ends[1]);
    std::int64_t id = 0;
    // Dies at whatever point it has reached after some promises.
    for (int promises = 0; promises < 20 + 13 * round; ++promises) {
      REQUIRE(::read(pipe_ends[0], &id, sizeof id) == sizeof id);
      promised.insert({id, id + 1, id + 2});
    }
    ::kill(child, SIGKILL);
    while (::read(pipe_ends[0], &id, sizeof id) == sizeof id) promised.insert({id, id + 1, id + 2});
    ::close(pipe_ends[0]);
    REQUIRE(::waitpid(child, nullptr, 0) == child);
    next_id = *promised.rbegin() + 1'000;
  }
  SqliteStore store(small_options(path));
  CHECK(promised.size() >= 300);
  for (const std::int64_t id : promised) CHECK(row_of(store, id).has_value());
  conformance::check_conserved(store);
  CHECK(store.outbox().opening().run == 6);
}

// --- Refusals ---

TEST_CASE("a second owner is refused, with the lock's name, until the first is gone") {
  const TemporaryFolder folder;
  const std::string path = folder.file("outbox.db");
  auto first = SqliteOutbox::open(small_options(path), [] {});
  REQUIRE(first.ok());
  CHECK(has(refusal(path), path + ".lock"));
  first->reset();
  CHECK(SqliteOutbox::open(small_options(path), [] {}).ok());
}

TEST_CASE("a newer schema is refused with both versions") {
  const TemporaryFolder folder;
  const std::string path = folder.file("outbox.db");
  REQUIRE(SqliteOutbox::open(small_options(path), [] {}).ok());
  run_sql(path, "PRAGMA user_version=7");
  const std::string message = refusal(path);
  CHECK(has(message, "version 7"));
  CHECK(has(message, "up to " + std::to_string(kSchemaVersion)));
  CHECK_FALSE(SqliteQueries::open(path, [] {}).ok());
}

TEST_CASE("files that are not an outbox are refused") {
  const TemporaryFolder folder;
  const std::string text = folder.file("text.db");
  std::ofstream(text) << std::string(5'000, 'x');
  ::chmod(text.c_str(), 0600);
  CHECK(has(refusal(text), "not a database"));

  const std::string foreign = folder.file("foreign.db");
  run_sql(foreign, "CREATE TABLE theirs(a)");
  ::chmod(foreign.c_str(), 0600);
  CHECK(has(refusal(foreign), "something else than ackd"));
}

TEST_CASE("a damaged outbox is refused or found out, never believed") {
  const TemporaryFolder folder;
  const std::string path = folder.file("outbox.db");
  {
    SqliteStore store(small_options(path));
    for (std::int64_t id = 1; id <= 50; ++id) admit(store, notification(id));
  }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  for (std::streamoff page = 1; page * 4096 < static_cast<std::streamoff>(std::filesystem::file_size(path)); ++page) {
    file.seekp(page * 4096);
    file << std::string(64, '\x5a');
  }
  file.close();
  const auto opened = SqliteOutbox::open(small_options(path), [] {});
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().code == ErrorCode::kCorrupt);
}

TEST_CASE("a payload whose bytes have changed is found out before it is sent, and fails the batch") {
  const TemporaryFolder folder;
  const std::string path = folder.file("outbox.db");
  {
    SqliteStore store(small_options(path));
    admit(store, notification(1));
    admit(store, notification(2));
  }
  Batch reading;
  reading.rows = RowRequest{{NotificationId{1}}};
  SUBCASE("the content") {
    run_sql(path, "UPDATE notification SET content=CAST(content || '0' AS BLOB) WHERE id=1");
  }
  SUBCASE("the URL") {
    run_sql(path, "UPDATE notification SET url='http://elsewhere.example/' WHERE id=1");
  }
  SUBCASE("the subject") {
    run_sql(path, "UPDATE notification SET subject='another' WHERE id=1");
  }
  SUBCASE("nothing") {
    SqliteStore store(small_options(path));
    CHECK(store.run(std::move(reading)).fate == BatchFate::kCommitted);
    return;
  }
  SqliteStore store(small_options(path));
  const BatchResult result = store.run(std::move(reading));
  CHECK(result.fate == BatchFate::kUnknown);
  CHECK(has(result.trouble, "notification 1 is not as it was accepted"));
}

TEST_CASE("a place that is not safe is refused with the reason") {
  const TemporaryFolder folder;
  const std::string path = folder.file("outbox.db");
  SUBCASE("a directory that everyone may write") {
    ::chmod(folder.path().c_str(), 0777);
    CHECK(has(refusal(path), "writable by everyone"));
  }
  SUBCASE("a directory that is a symbolic link") {
    const std::string link = folder.file("link");
    std::filesystem::create_directory(folder.file("real"));
    std::filesystem::create_directory_symlink(folder.file("real"), link);
    CHECK(has(refusal(link + "/outbox.db"), "symbolic link"));
  }
  SUBCASE("a directory that is missing") {
    CHECK(has(refusal(folder.file("none/outbox.db")), "cannot be read"));
  }
  SUBCASE("a file that is open to everyone") {
    REQUIRE(SqliteOutbox::open(small_options(path), [] {}).ok());
    ::chmod(path.c_str(), 0666);
    CHECK(has(refusal(path), "0666"));
  }
  SUBCASE("a file that is a symbolic link") {
    std::filesystem::create_symlink(folder.file("elsewhere"), path);
    CHECK(has(refusal(path), "is a symbolic link, not a regular file"));
  }
  SUBCASE("a -wal whose database is gone") {
    std::ofstream(path + "-wal") << "what was accepted";
    ::chmod((path + "-wal").c_str(), 0600);
    CHECK(has(refusal(path), "is missing or empty, and"));
    std::ofstream{path};
    ::chmod(path.c_str(), 0600);
    CHECK(has(refusal(path), "is missing or empty, and"));
    CHECK(std::filesystem::file_size(path + "-wal") > 0);
  }
}

TEST_CASE("the outbox's files are for its owner only") {
  const TemporaryFolder folder;
  const std::string path = folder.file("outbox.db");
  const mode_t before = ::umask(0);
  SqliteStore store(small_options(path));
  admit(store, notification(1));
  ::umask(before);
  for (const char* suffix : {"", "-wal", "-shm", ".lock", ".ballast"}) {
    CAPTURE(suffix);
    struct stat about {};
    REQUIRE(::stat((path + suffix).c_str(), &about) == 0);
    CHECK((about.st_mode & 0777U) == 0600U);
  }
}

TEST_CASE("a foreign commit stops the outbox for good") {
  const TemporaryFolder folder;
  const std::string path = folder.file("outbox.db");
  SqliteStore store(small_options(path));
  admit(store, notification(1));
  run_sql(path, "UPDATE counter SET value=value+1 WHERE name='attempts'");
  const BatchResult result = store.run(batch_of(Admission{notification(2), {}}));
  CHECK(result.fate == BatchFate::kUnknown);
  CHECK(has(result.trouble, "another process has written"));
  CHECK(store.run(batch_of(Admission{notification(3), {}})).fate == BatchFate::kUnknown);
  CHECK_FALSE(store.show(2).has_value());
}

TEST_CASE("a foreign commit is found also while nothing is written") {
  const TemporaryFolder folder;
  const std::string path = folder.file("outbox.db");
  SqliteStore store(small_options(path));
  admit(store, notification(1));
  CHECK_FALSE(store.outbox().failure().has_value());
  run_sql(path, "UPDATE counter SET value=value+1 WHERE name='attempts'");
  REQUIRE(store.wakeup().wait_until([&] { return store.outbox().failure().has_value(); }));
  CHECK(has(*store.outbox().failure(), "another process has written"));
}

TEST_CASE("the settings that cannot be changed later are in the file") {
  const TemporaryFolder folder;
  const std::string path = folder.file("outbox.db");
  auto database = SqliteDatabase::open(path, SqliteDatabase::Access::kWriter);
  REQUIRE(database.ok());
  REQUIRE(migrate(**database).ok());
  CHECK(*(*database)->ask("PRAGMA synchronous") == 2);
  CHECK(*(*database)->ask("PRAGMA auto_vacuum") == 2);
  CHECK(*(*database)->ask("PRAGMA application_id") == kApplicationId);
  CHECK(*(*database)->ask("PRAGMA user_version") == kSchemaVersion);
  CHECK(*(*database)->ask("PRAGMA wal_autocheckpoint") == 0);
  CHECK(*(*database)->ask("SELECT count(*) FROM sqlite_schema WHERE type='table' AND sql NOT LIKE '%STRICT%'") == 0);
}

}  // namespace ackd
