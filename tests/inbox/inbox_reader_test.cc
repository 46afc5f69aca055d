// The thread that reads ahead, on real files and the machine's clock.
#include "inbox/inbox_reader.h"

#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "inbox/sqlite_source.h"
#include "loop/uv_clock.h"
#include "platform.h"
#include "temporary_folder.h"

namespace ackd::test {
namespace {

// A reader, and what a loop would see of it.
class Loop {
 public:
  Loop(const TemporaryFolder& folder, const std::vector<InboxStanding>& standings,
       Duration locked_max = Duration(3'000))
      : path_(folder.file("p.db")) {
    InboxReaderOptions options;
    options.mark_file = folder.file("inbox.mark");
    options.look_every = Duration(2);
    options.look_every_in_trouble = Duration(2);
    options.locked_max = locked_max;
    options.bounds.rows_max = 10;
    reader = std::make_unique<InboxReader>(options, std::make_unique<SqliteSource>(path_), standings, clock_,
                                           [this] { ++wakes; });
  }

  // Polls until it holds; ten seconds are a failure.
  bool until(const std::function<bool()>& condition) {
    const BootTime deadline = clock_.now().boot + Duration(10'000);
    while (!condition()) {
      if (clock_.now().boot > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }
  std::string trouble() {
    const std::optional<SourceTrouble> found = reader->news().trouble;
    return found ? found->message : std::string();
  }
  InboxChunk chunk() {
    std::optional<InboxChunk> found;
    REQUIRE(until([&] { return (found = reader->take_chunk()).has_value(); }));
    return *std::move(found);
  }

 private:
  std::string path_;
  UvClock clock_;

 public:
  std::atomic<int> wakes{0};
  std::unique_ptr<InboxReader> reader;
};

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("rows come in bounded chunks that follow one another, and few wait") {
  const TemporaryFolder folder;
  const auto platform = make_platform(folder.file("p.db"));
  platform->run("BEGIN");
  for (int i = 0; i < 95; ++i) platform->say("row " + std::to_string(i));
  platform->run("COMMIT");
  Loop loop(folder, {});
  std::int64_t mark = 0;
  std::size_t rows = 0;
  while (rows < 95) {
    const InboxChunk chunk = loop.chunk();
    CHECK(chunk.after == mark);
    CHECK(chunk.rows.size() <= 10);
    CHECK(chunk.mark.row == chunk.rows.back().row);
    CHECK_FALSE(chunk.mark.seal.empty());
    mark = chunk.mark.row;
    rows += chunk.rows.size();
  }
  CHECK(mark == 95);
  CHECK_FALSE(loop.reader->take_chunk().has_value());
  CHECK(loop.reader->news().newest == 95);
  CHECK(loop.wakes > 0);
}

TEST_CASE("reading goes on behind the recorded mark, and again from where an operator says") {
  const TemporaryFolder folder;
  const auto platform = make_platform(folder.file("p.db"));
  for (int i = 1; i <= 8; ++i) platform->say("row " + std::to_string(i));
  const std::string identity = SqliteSource(platform->path()).look({}, {}).identity;
  Loop loop(folder, {{identity, 5, "", 0}, {"another", 77, "", 0}});
  CHECK(loop.chunk().rows.front().text == "row 6");
  loop.reader->read_again(identity, {1, ""});
  const InboxChunk again = loop.chunk();
  CHECK(again.after == 1);
  CHECK(again.rows.size() == 7);
  CHECK_FALSE(loop.reader->take_chunk().has_value());
}

TEST_CASE("what was read ahead of a rewind is forgotten") {
  const TemporaryFolder folder;
  const auto platform = make_platform(folder.file("p.db"));
  for (int i = 1; i <= 20; ++i) platform->say("row");
  Loop loop(folder, {});
  REQUIRE(loop.until([&] { return loop.reader->news().newest == 20; }));
  loop.reader->read_again(loop.reader->news().identity, {12, ""});
  CHECK(loop.chunk().after == 12);
  CHECK_FALSE(loop.reader->take_chunk().has_value());
}

TEST_CASE("the mark's file holds what was published last, for everybody to read") {
  const TemporaryFolder folder;
  const auto platform = make_platform(folder.file("p.db"));
  Loop loop(folder, {});
  CHECK_FALSE(std::filesystem::exists(folder.file("inbox.mark")));
  loop.reader->publish({"abc", 5});
  CHECK(loop.until([&] { return text_of(folder.file("inbox.mark")) == "{\"identity\":\"abc\",\"mark\":5}\n"; }));
  struct stat file {};
  REQUIRE(::stat(folder.file("inbox.mark").c_str(), &file) == 0);
  CHECK((file.st_mode & 0777) == 0644);
  // What is published while the reader ends is written too.
  loop.reader->publish({"abc", 9});
  loop.reader.reset();
  CHECK(text_of(folder.file("inbox.mark")) == "{\"identity\":\"abc\",\"mark\":9}\n");
}

TEST_CASE("a mark that cannot be written is told, and the end of that too, while reading goes on") {
  const TemporaryFolder folder;
  const auto platform = make_platform(folder.file("p.db"));
  std::filesystem::create_directory(folder.file("inbox.mark.new"));
  Loop loop(folder, {});
  loop.reader->publish({"abc", 5});
  CHECK(loop.until([&] { return loop.reader->news().mark_trouble.find("inbox.mark.new") != std::string::npos; }));
  platform->say("row");
  CHECK(loop.chunk().rows.size() == 1);
  std::filesystem::remove(folder.file("inbox.mark.new"));
  CHECK(loop.until([&] { return loop.reader->news().mark_trouble.empty(); }));
}

TEST_CASE("trouble is news, and so is its end") {
  const TemporaryFolder folder;
  Loop loop(folder, {});
  CHECK(loop.until([&] { return loop.trouble().find("no such file") != std::string::npos; }));
  const auto platform = make_platform(folder.file("p.db"));
  platform->say("row");
  CHECK(loop.chunk().rows.size() == 1);
  CHECK(loop.trouble().empty());
}

TEST_CASE("a lock is trouble only when it lasts") {
  const TemporaryFolder folder;
  const auto platform = make_platform(folder.file("p.db"), "delete");
  SUBCASE("it lasts") {
    Loop loop(folder, {}, Duration(100));
    platform->run("BEGIN EXCLUSIVE");
    CHECK(loop.until([&] { return loop.trouble().find("locked") != std::string::npos; }));
    platform->run("COMMIT");
    CHECK(loop.until([&] { return loop.trouble().empty(); }));
  }
  SUBCASE("it does not") {
    Loop loop(folder, {}, Duration(60'000));
    platform->run("BEGIN EXCLUSIVE");
    platform->say("row");
    platform->run("COMMIT");
    CHECK(loop.chunk().rows.size() == 1);
    CHECK(loop.trouble().empty());
  }
}

}  // namespace ackd::test
