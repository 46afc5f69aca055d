// The inbox in real SQLite files, and everything that can be wrong with them.
#include "inbox/sqlite_source.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "platform.h"
#include "temporary_folder.h"

namespace ackd::test {
namespace {

// Looks as the reader does, and remembers how far it came.
class Follower {
 public:
  explicit Follower(const std::string& path) : source_(path) {}

  SourceLook look() {
    SourceLook seen = source_.look(marks, bounds);
    if (!seen.rows.empty()) marks[seen.identity] = {seen.rows.back().row, seen.seal};
    return seen;
  }
  InboxFault fault() {
    const SourceLook seen = look();
    REQUIRE(seen.trouble.has_value());
    CHECK(seen.rows.empty());
    message = seen.trouble->message;
    return seen.trouble->fault;
  }
  std::vector<std::string> texts() {
    const SourceLook seen = look();
    REQUIRE_MESSAGE(!seen.trouble, seen.trouble->message);
    std::vector<std::string> found;
    for (const SourceRow& row : seen.rows) found.push_back(row.text);
    return found;
  }

  InboxMarks marks;
  SourceBounds bounds;
  std::string message;

 private:
  SqliteSource source_;
};

using Texts = std::vector<std::string>;

void overwrite(const std::string& path, std::size_t at, const std::string& bytes) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(at));
  file << bytes;
  REQUIRE(file.good());
}

}  // namespace

TEST_CASE("rows are read in order, each once, in every journal mode") {
  const TemporaryFolder folder;
  for (const char* mode : {"wal", "delete", "truncate", "persist"}) {
    CAPTURE(mode);
    const auto platform = make_platform(folder.file(std::string(mode) + ".db"), mode);
    Follower follower(platform->path());
    CHECK(follower.texts().empty());
    CHECK(platform->say("a") == 1);
    platform->say("b");
    const SourceLook seen = follower.look();
    REQUIRE(seen.rows.size() == 2);
    CHECK(seen.rows[0].text == "a");
    CHECK(seen.rows[1].row == 2);
    CHECK(seen.newest == 2);
    CHECK(seen.identity.size() == 32);
    CHECK_FALSE(seen.more);
    CHECK(follower.texts().empty());
    platform->say("c");
    CHECK(follower.texts() == Texts{"c"});
    // Nothing but the row at the mark needs to stay, and not even that one.
    platform->run("DELETE FROM ackd_inbox WHERE id < 3");
    platform->say("d");
    CHECK(follower.texts() == Texts{"d"});
    platform->run("DELETE FROM ackd_inbox");
    platform->say("e");
    CHECK(follower.texts() == Texts{"e"});
  }
}

TEST_CASE("rows that are not committed are not read, and a rollback leaves no trace") {
  const TemporaryFolder folder;
  for (const char* mode : {"wal", "delete"}) {
    CAPTURE(mode);
    const auto platform = make_platform(folder.file(std::string(mode) + ".db"), mode);
    Follower follower(platform->path());
    platform->run("BEGIN IMMEDIATE");
    platform->say("lost");
    CHECK(follower.texts().empty());
    platform->run("ROLLBACK");
    CHECK(follower.texts().empty());
    platform->run("BEGIN IMMEDIATE");
    platform->say("kept");
    CHECK(follower.texts().empty());
    platform->run("COMMIT");
    CHECK(follower.texts() == Texts{"kept"});
  }
}

TEST_CASE("a look is bounded in rows and bytes, and says that there is more") {
  const TemporaryFolder folder;
  const auto platform = make_platform(folder.file("p.db"));
  for (const char* text : {"aaaa", "bbbb", "cccc", "dddddddddd"}) platform->say(text);
  Follower follower(platform->path());
  follower.bounds.rows_max = 3;
  follower.bounds.bytes_max = 8;
  const SourceLook first = follower.look();
  CHECK(first.rows.size() == 2);
  CHECK(first.more);
  CHECK(follower.texts() == Texts{"cccc"});
  const SourceLook last = follower.look();
  CHECK(last.rows.size() == 1);
  CHECK_FALSE(last.more);
}

TEST_CASE("a row that is too large is not loaded: its beginning and its size are") {
  const TemporaryFolder folder;
  const auto platform = make_platform(folder.file("p.db"));
  Follower follower(platform->path());
  follower.bounds.text_bytes_max = 1 << 20;
  platform->say("before");
  platform->say("{" + std::string(3 << 20, 'x'));
  platform->say("behind");
  CHECK(follower.texts() == Texts{"before"});
  const SourceLook huge = follower.look();
  REQUIRE(huge.rows.size() == 1);
  CHECK(huge.rows[0].row == 2);
  CHECK(huge.rows[0].text.size() == kInboxTextBytesMax);
  CHECK(huge.rows[0].text.starts_with("{xx"));
  CHECK(huge.rows[0].text_bytes == (3u << 20) + 1);
  CHECK(follower.texts() == Texts{"behind"});
  // Its seal is one like any other.
  follower.marks[huge.identity] = {2, huge.seal};
  CHECK(follower.texts() == Texts{"behind"});
  follower.marks[huge.identity] = {2, "of something else"};
  CHECK(follower.fault() == InboxFault::kSetBack);
}

TEST_CASE("a missing file is trouble until it is there, and an empty one is no inbox until its tables are") {
  const TemporaryFolder folder;
  const std::string path = folder.file("p.db");
  Follower follower(path);
  CHECK(follower.fault() == InboxFault::kMissing);
  CHECK(follower.message.find(path) != std::string::npos);
  Platform early(path);
  early.run("CREATE TABLE business(id INTEGER)");
  CHECK(follower.fault() == InboxFault::kNotAnInbox);
  CHECK(follower.message.find("ackctl inbox init") != std::string::npos);
  early.run(std::string(inbox_tables_sql()));
  early.say("first");
  CHECK(follower.texts() == Texts{"first"});
}

TEST_CASE("tables that could use a number twice, or have no identity, are refused") {
  const TemporaryFolder folder;
  const auto fault_of = [&](const char* name, const std::string& sql) {
    Platform platform(folder.file(name));
    platform.run(sql);
    Follower follower(platform.path());
    CHECK(follower.fault() == InboxFault::kNotAnInbox);
    return follower.message;
  };
  const std::string source = "CREATE TABLE ackd_inbox_source(one INTEGER PRIMARY KEY, identity TEXT NOT NULL);";
  const std::string insert = "INSERT INTO ackd_inbox_source VALUES(1, 'abc');";
  const std::string columns = "notification TEXT NOT NULL, created_at TEXT NOT NULL)";
  CHECK(fault_of("reuses.db", source + insert + "CREATE TABLE ackd_inbox(id INTEGER PRIMARY KEY, " + columns)
            .find("AUTOINCREMENT") != std::string::npos);
  const std::string table = "CREATE TABLE ackd_inbox(id INTEGER PRIMARY KEY AUTOINCREMENT, " + columns + ";";
  CHECK(fault_of("none.db", source + table).find("identity") != std::string::npos);
  CHECK(fault_of("odd.db", source + table + "INSERT INTO ackd_inbox_source VALUES(1, 'a/b');").find("identity") !=
        std::string::npos);
  CHECK(fault_of("column.db",
                 source + insert + "CREATE TABLE ackd_inbox(id INTEGER PRIMARY KEY AUTOINCREMENT, notification TEXT)")
            .find("created_at") != std::string::npos);
}

TEST_CASE("a dropped table is trouble, and one made anew is a file that was set back") {
  const TemporaryFolder folder;
  const auto platform = make_platform(folder.file("p.db"));
  platform->say("a");
  Follower follower(platform->path());
  CHECK(follower.texts().size() == 1);
  platform->run("DROP TABLE ackd_inbox");
  CHECK(follower.fault() == InboxFault::kNotAnInbox);
  platform->run("DROP TABLE ackd_inbox_source");
  CHECK(follower.fault() == InboxFault::kNotAnInbox);
  platform->run(std::string(inbox_tables_sql()));
  platform->say("b");
  // Another identity: another source.
  CHECK(follower.texts() == Texts{"b"});
  platform->run("DELETE FROM ackd_inbox; DELETE FROM sqlite_sequence");
  CHECK(follower.fault() == InboxFault::kSetBack);
}

TEST_CASE("a file that takes the path is opened, with its own mark") {
  const TemporaryFolder folder;
  const std::string path = folder.file("p.db");
  auto first = make_platform(path, "delete");
  first->say("a");
  first->say("b");
  Follower follower(path);
  const std::string before = follower.look().identity;
  first.reset();
  std::filesystem::rename(path, folder.file("old.db"));
  CHECK(follower.fault() == InboxFault::kMissing);
  auto second = make_platform(path, "delete");
  second->say("c");
  const SourceLook seen = follower.look();
  CHECK(seen.identity != before);
  CHECK(seen.rows.size() == 1);
  second.reset();
  // Back again: its own mark is remembered, without an alarm.
  std::filesystem::rename(folder.file("old.db"), path);
  CHECK(follower.texts().empty());
  Platform again(path);
  again.say("d");
  CHECK(follower.texts() == Texts{"d"});
}

TEST_CASE("an older copy of the same file is recognised, by its sequence or by the row at the mark") {
  const TemporaryFolder folder;
  const std::string path = folder.file("p.db");
  auto platform = make_platform(path, "delete");
  platform->say("a");
  platform.reset();
  std::filesystem::copy_file(path, folder.file("backup.db"));
  platform = std::make_unique<Platform>(path);
  platform->say("b");
  platform->say("c");
  Follower follower(path);
  CHECK(follower.texts().size() == 3);
  platform.reset();
  std::filesystem::rename(folder.file("backup.db"), path);
  CHECK(follower.fault() == InboxFault::kSetBack);
  CHECK(follower.message.find("up to row 3, and its newest row is 1") != std::string::npos);
  CHECK(follower.message.find("ackctl inbox rewind") != std::string::npos);
  CHECK(follower.fault() == InboxFault::kSetBack);
  platform = std::make_unique<Platform>(path);
  platform->say("B");
  platform->say("C");
  platform->say("D");
  CHECK(follower.fault() == InboxFault::kSetBack);
  CHECK(follower.message.find("row 3 says something else") != std::string::npos);
  const std::string identity = follower.marks.begin()->first;
  SUBCASE("an operator reads it again") {
    follower.marks[identity] = {1, ""};
    CHECK(follower.texts() == Texts{"B", "C", "D"});
  }
  SUBCASE("an operator accepts it as it is") {
    follower.marks[identity] = {3, ""};
    CHECK(follower.texts() == Texts{"D"});
  }
}

TEST_CASE("a locked file is trouble only while it is locked") {
  const TemporaryFolder folder;
  SUBCASE("a rollback journal") {
    const auto platform = make_platform(folder.file("p.db"), "delete");
    Follower follower(platform->path());
    CHECK(follower.texts().empty());
    platform->run("BEGIN EXCLUSIVE");
    platform->say("a");
    CHECK(follower.fault() == InboxFault::kLocked);
    CHECK(follower.fault() == InboxFault::kLocked);
    platform->run("COMMIT");
    CHECK(follower.texts() == Texts{"a"});
  }
  SUBCASE("locked from the beginning") {
    const auto platform = make_platform(folder.file("p.db"), "delete");
    Follower follower(platform->path());
    platform->run("BEGIN EXCLUSIVE");
    CHECK(follower.fault() == InboxFault::kLocked);
    platform->run("COMMIT");
    CHECK(follower.texts().empty());
  }
  SUBCASE("a long transaction in WAL mode delays nobody") {
    const auto platform = make_platform(folder.file("p.db"));
    platform->say("a");
    Follower follower(platform->path());
    platform->run("BEGIN IMMEDIATE");
    platform->say("b");
    CHECK(follower.texts() == Texts{"a"});
    CHECK(follower.texts().empty());
    platform->run("COMMIT");
    CHECK(follower.texts() == Texts{"b"});
  }
}

TEST_CASE("the journal of a platform that was killed is waited for, not rolled back by us") {
  const TemporaryFolder folder;
  auto platform = make_platform(folder.file("p.db"), "delete");
  platform->say("a");
  platform->run("PRAGMA cache_size=5; BEGIN IMMEDIATE");
  for (int i = 0; i < 200; ++i) platform->say(std::string(2'000, 'x'));  // spills half a transaction into the file
  std::filesystem::copy_file(folder.file("p.db"), folder.file("killed.db"));
  std::filesystem::copy_file(folder.file("p.db-journal"), folder.file("killed.db-journal"));
  platform.reset();
  Follower follower(folder.file("killed.db"));
  CHECK(follower.fault() == InboxFault::kLocked);
  CHECK(std::filesystem::exists(folder.file("killed.db-journal")));
  Platform restarted(folder.file("killed.db"));
  restarted.say("b");
  CHECK(follower.texts() == Texts{"a", "b"});
}

TEST_CASE("what a killed platform had committed to its WAL is read") {
  const TemporaryFolder folder;
  const auto platform = make_platform(folder.file("p.db"));
  platform->say("a");
  for (const char* suffix : {"", "-wal"}) {
    std::filesystem::copy_file(folder.file(std::string("p.db") + suffix),
                               folder.file(std::string("killed.db") + suffix));
  }
  Follower follower(folder.file("killed.db"));
  CHECK(follower.texts() == Texts{"a"});
}

TEST_CASE("a damaged file, or no database at all, is trouble until it is put right") {
  const TemporaryFolder folder;
  SUBCASE("no database") {
    Follower follower(
        folder.write("p.db", "this is a text and no database, whatever it is called; " + std::string(4'096, '.')));
    CHECK(follower.fault() == InboxFault::kCorrupt);
    std::filesystem::remove(folder.file("p.db"));
    make_platform(folder.file("p.db"))->say("a");
    CHECK(follower.texts() == Texts{"a"});
  }
  SUBCASE("damaged while it is read") {
    auto platform = make_platform(folder.file("p.db"), "delete");
    for (int i = 0; i < 2'000; ++i) platform->say(std::string(100, 'x'));
    platform.reset();
    std::filesystem::copy_file(folder.file("p.db"), folder.file("good.db"));
    Follower follower(folder.file("p.db"));
    CHECK(follower.texts().size() == 250);
    const auto size = std::filesystem::file_size(folder.file("p.db"));
    for (std::size_t page = 4; page * 4'096 + 200 < size; ++page) {
      overwrite(folder.file("p.db"), page * 4'096, std::string(200, '\x7f'));
    }
    CHECK(follower.fault() == InboxFault::kCorrupt);
    std::filesystem::rename(folder.file("good.db"), folder.file("p.db"));
    CHECK(follower.texts().size() == 250);
  }
  SUBCASE("a folder") {
    std::filesystem::create_directory(folder.file("p.db"));
    Follower follower(folder.file("p.db"));
    CHECK(follower.fault() == InboxFault::kUnreadable);
  }
}

TEST_CASE("text in another encoding is read as UTF-8") {
  const TemporaryFolder folder;
  Platform platform(folder.file("p.db"));
  platform.run("PRAGMA encoding='UTF-16le'");
  platform.run(std::string(inbox_tables_sql()));
  platform.run("INSERT INTO ackd_inbox(notification) VALUES('gr\xc3\xbc\xc3\x9f')");
  Follower follower(platform.path());
  CHECK(follower.texts() == Texts{"gr\xc3\xbc\xc3\x9f"});
}

TEST_CASE("reading never checkpoints, never writes, and never keeps the WAL from being reset") {
  const TemporaryFolder folder;
  const auto platform = make_platform(folder.file("p.db"));
  platform->run("PRAGMA wal_autocheckpoint=0");
  for (int i = 0; i < 2'000; ++i) platform->say("row");
  const auto wal = std::filesystem::file_size(folder.file("p.db-wal"));
  const auto database = std::filesystem::file_size(folder.file("p.db"));
  {
    Follower follower(platform->path());
    while (!follower.texts().empty()) {
    }
  }
  CHECK(std::filesystem::file_size(folder.file("p.db-wal")) == wal);
  CHECK(std::filesystem::file_size(folder.file("p.db")) == database);
  Follower follower(platform->path());
  follower.texts();
  int frames = 0;
  int copied = 0;
  CHECK(sqlite3_wal_checkpoint_v2(platform->handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, &frames, &copied) ==
        SQLITE_OK);
  CHECK(std::filesystem::file_size(folder.file("p.db-wal")) == 0);
}

}  // namespace ackd::test
