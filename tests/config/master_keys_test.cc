#include "config/master_keys.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "temporary_folder.h"

namespace ackd {
namespace {

struct CountingRng final : Rng {
  std::uint64_t next() override { return state += 0x9e3779b97f4a7c15ULL; }
  std::uint64_t state = 1;
};

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct Fixture {
  Result<MasterKeys> open(bool may_make = true) { return MasterKeys::open(file, credential, may_make, rng); }
  void write(const std::string& path, const std::string& text, mode_t mode = 0600) {
    std::ofstream(path, std::ios::binary) << text;
    ::chmod(path.c_str(), mode);
  }
  std::string refusal() {
    const Result<MasterKeys> keys = open();
    return keys ? "" : keys.error().message;
  }
  mode_t mode() const {
    struct stat facts {};
    ::stat(file.c_str(), &facts);
    return facts.st_mode & 07777;
  }

  TemporaryFolder folder;
  std::string file = folder.file("master.key");
  std::string credential;
  CountingRng rng;
};

const std::string kHexA(64, 'a');
const std::string kHexB(64, 'b');

}  // namespace

TEST_CASE("a missing file is made, for its owner alone, and read again") {
  Fixture f;
  ::umask(0);
  const Result<MasterKeys> made = f.open();
  ::umask(022);
  REQUIRE(made.ok());
  CHECK(f.mode() == 0600);
  CHECK(made->source() == MasterKeys::Source::kFile);
  const Result<MasterKeys> again = f.open(false);
  REQUIRE(again.ok());
  CHECK(again->ring().current().id == made->ring().current().id);
  CHECK_FALSE(std::filesystem::exists(f.file + ".new"));
}

TEST_CASE("a file that is missing while something is sealed is not made anew") {
  Fixture f;
  const Result<MasterKeys> missing = f.open(false);
  REQUIRE_FALSE(missing.ok());
  CHECK(has(missing.error().message, "put a copy of it back"));
  CHECK_FALSE(std::filesystem::exists(f.file));
}

TEST_CASE("the first line that is no comment is the current key, others are older") {
  Fixture f;
  f.write(f.file, "# mine\n" + kHexA + "\n\n" + kHexB + "\r\n", 0400);
  const Result<MasterKeys> keys = f.open();
  REQUIRE(keys.ok());
  CHECK(keys->ring().current().bytes.reveal() == std::string(32, '\xaa'));
  CHECK(keys->has_older());
}

TEST_CASE("a file that is not as it must be is refused, with what to do and without its content") {
  Fixture f;
  SUBCASE("others may read it") {
    f.write(f.file, kHexA + "\n", 0640);
    CHECK(has(f.refusal(), "chmod 600"));
  }
  SUBCASE("odd modes") {
    f.write(f.file, kHexA + "\n", 0700);
    CHECK(has(f.refusal(), "0700"));
  }
  SUBCASE("a symbolic link") {
    f.write(f.folder.file("real"), kHexA + "\n");
    REQUIRE(::symlink(f.folder.file("real").c_str(), f.file.c_str()) == 0);
    CHECK(has(f.refusal(), "symbolic link"));
  }
  SUBCASE("another owner") {
    f.write(f.file, kHexA + "\n");
    if (::chown(f.file.c_str(), 12345, ::getegid()) != 0) return;  // only root may try this
    CHECK(has(f.refusal(), "12345"));
  }
  SUBCASE("a line that is no key") {
    f.write(f.file, kHexA + "\n" + kHexB.substr(1) + "\n");
    CHECK(has(f.refusal(), "line 2"));
    CHECK_FALSE(has(f.refusal(), "bbb"));
  }
  SUBCASE("no key at all") {
    f.write(f.file, "# nothing\n");
    CHECK(has(f.refusal(), "holds no key"));
  }
  SUBCASE("one key twice") {
    f.write(f.file, kHexA + "\n" + kHexA + "\n");
    CHECK(has(f.refusal(), "twice"));
  }
  SUBCASE("not a file") {
    std::filesystem::create_directory(f.file);
    CHECK(has(f.refusal(), "not a regular file"));
  }
}

TEST_CASE("a rotation puts the new key in front, on the disk; dropping leaves it alone") {
  Fixture f;
  Result<MasterKeys> keys = f.open();
  REQUIRE(keys.ok());
  const std::string before = keys->ring().current().id;
  f.write(f.file + ".new", "left by a kill");
  REQUIRE(keys->rotate(f.rng).ok());
  const std::string now = keys->ring().current().id;
  CHECK(now != before);
  CHECK(keys->ring().find(before) != nullptr);
  CHECK(f.mode() == 0600);
  Result<MasterKeys> after_kill = f.open(false);
  REQUIRE(after_kill.ok());
  CHECK(after_kill->ring().current().id == now);
  CHECK(after_kill->ring().find(before) != nullptr);
  REQUIRE(after_kill->drop_older().ok());
  CHECK_FALSE(f.open(false)->has_older());
  CHECK(f.open(false)->ring().current().id == now);
}

TEST_CASE("what a kill left beside the file is gone after the next start") {
  Fixture f;
  REQUIRE(f.open().ok());
  f.write(f.file + ".new", kHexA + "\n");
  REQUIRE(f.open(false).ok());
  CHECK_FALSE(std::filesystem::exists(f.file + ".new"));
}

TEST_CASE("a rotation that cannot be written changes nothing") {
  Fixture f;
  Result<MasterKeys> keys = f.open();
  REQUIRE(keys.ok());
  const std::string before = keys->ring().current().id;
  const std::string text = read(f.file);
  std::filesystem::create_directory(f.file + ".new");
  CHECK_FALSE(keys->rotate(f.rng).ok());
  CHECK(keys->ring().current().id == before);
  CHECK_FALSE(keys->has_older());
  CHECK(read(f.file) == text);
}

TEST_CASE("a credential wins over the file, and is its owner's to change") {
  Fixture f;
  f.credential = f.folder.file("ackd-master-key");
  CHECK(f.open()->source() == MasterKeys::Source::kFile);
  f.write(f.credential, kHexA + "\n" + kHexB + "\n", 0440);  // as systemd shows its access list
  Result<MasterKeys> keys = f.open();
  REQUIRE(keys.ok());
  CHECK(keys->source() == MasterKeys::Source::kCredential);
  CHECK(keys->ring().keys().size() == 2);
  CHECK(has(keys->rotate(f.rng).error().message, "credential"));
  CHECK(keys->drop_older().ok());
  CHECK(keys->ring().keys().size() == 2);
  f.write(f.credential, kHexA + "\n", 0444);
  CHECK(has(f.refusal(), "neither read"));
}

}  // namespace ackd
