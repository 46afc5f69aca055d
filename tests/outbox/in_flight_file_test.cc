#include "outbox/in_flight_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <random>

#include "sqlite_store.h"

namespace ackd {
namespace {

std::unique_ptr<InFlightFile> open(const std::string& path, std::size_t capacity = 8) {
  auto file = InFlightFile::open({path, capacity});
  REQUIRE_MESSAGE(file.ok(), file.error().message);
  return std::move(*file);
}

void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  ::chmod(path.c_str(), 0600);  // one that is open to everyone is refused
}

std::string read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

using Entries = std::vector<InFlightEntry>;

}  // namespace

TEST_CASE("what was entered and not left survives, until it leaves") {
  const TemporaryFolder folder;
  const std::string path = folder.file("in_flight");
  {
    const auto file = open(path);
    CHECK(file->survivors().empty());
    file->enter({{11}, 1, false});
    file->enter({{12}, 7, true});
    file->enter({{13}, 2, false});
    file->leave({11});
  }
  for (int start = 0; start < 2; ++start) {
    CHECK(open(path)->survivors() == Entries{{{12}, 7, true}, {{13}, 2, false}});
  }
  {
    const auto file = open(path);
    file->leave({12});
    file->enter({{12}, 8, true});
    file->leave({13});
  }
  CHECK(open(path)->survivors() == Entries{{{12}, 8, true}});
}

TEST_CASE("a killed process leaves its entries behind") {
  const TemporaryFolder folder;
  const std::string path = folder.file("in_flight");
  const pid_t child = ::fork();
  if (child == 0) {
    auto file = InFlightFile::open({path, 8});
    (*file)->enter({{42}, 3, false});
    ::kill(::getpid(), SIGKILL);
  }
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK(open(path)->survivors() == Entries{{{42}, 3, false}});
}

TEST_CASE("room ends at the capacity and comes back with leave") {
  const TemporaryFolder folder;
  const auto file = open(folder.file("in_flight"), 2);
  file->enter({{1}, 1, false});
  CHECK(file->room());
  file->enter({{2}, 1, false});
  CHECK_FALSE(file->room());
  file->leave({99});
  CHECK_FALSE(file->room());
  file->leave({1});
  CHECK(file->room());
}

TEST_CASE("another capacity keeps the survivors, also when they are more") {
  const TemporaryFolder folder;
  const std::string path = folder.file("in_flight");
  {
    const auto file = open(path, 8);
    for (std::int64_t id = 1; id <= 6; ++id) file->enter({{id}, 1, false});
  }
  CHECK(open(path, 16)->survivors().size() == 6);
  const auto smaller = open(path, 2);
  CHECK(smaller->survivors().size() == 6);
  CHECK_FALSE(smaller->room());
}

TEST_CASE("the file's blocks are allocated and nobody else may read it") {
  const TemporaryFolder folder;
  const std::string path = folder.file("in_flight");
  open(path, 1000);
  struct stat about {};
  REQUIRE(::stat(path.c_str(), &about) == 0);
  CHECK(about.st_blocks * 512 >= about.st_size);
  CHECK((about.st_mode & 0777U) == 0600U);
}

TEST_CASE("a damaged slot is absent and the others are not") {
  const TemporaryFolder folder;
  const std::string path = folder.file("in_flight");
  {
    const auto file = open(path);
    for (std::int64_t id = 1; id <= 8; ++id) file->enter({{id}, 1, false});
  }
  const std::string whole = read_bytes(path);
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    std::string damaged = whole;
    const std::size_t slot = random() % 8;
    // Bytes 24 to 31 of a slot are unused.
    damaged[16 + slot * 32 + random() % 24] ^= static_cast<char>(1U << (random() % 8));
    write_bytes(path, damaged);
    CHECK(open(path)->survivors().size() == 7);
    CHECK(open(path)->survivors().size() == 7);
  }
}

TEST_CASE("random bytes of any length are no survivors and no crash") {
  const TemporaryFolder folder;
  const std::string path = folder.file("in_flight");
  std::mt19937 random(1);
  for (int round = 0; round < 100; ++round) {
    std::string bytes(random() % 2'000, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    write_bytes(path, bytes);
    const auto file = open(path);
    CHECK(file->survivors().empty());
    CHECK(file->room());
    file->enter({{1}, 1, false});
  }
}

TEST_CASE("a capacity out of range and a file that is no file are refused") {
  const TemporaryFolder folder;
  CHECK_FALSE(InFlightFile::open({folder.file("a"), 0}).ok());
  CHECK_FALSE(InFlightFile::open({folder.file("a"), InFlightFile::kCapacityMax + 1}).ok());
  CHECK_FALSE(InFlightFile::open({folder.path(), 8}).ok());
  REQUIRE(::mkfifo(folder.file("pipe").c_str(), 0600) == 0);
  CHECK_FALSE(InFlightFile::open({folder.file("pipe"), 8}).ok());
}

}  // namespace ackd
