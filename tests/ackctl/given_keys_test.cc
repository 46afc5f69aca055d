// Keys on their way to the daemon: only from files of their owner or from standard input, and never seen on the way.
#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>

#include "fake_daemon.h"
#include "temporary_folder.h"

namespace ackd {
namespace {

constexpr const char* kSecret = "canary-5f3a";
constexpr const char* kMade = R"({"provider":"p","id":"m","state":"active","keys":[{"id":"k","parts":["secret"]}]})";

std::string contents(const std::filesystem::path& file) {
  std::ifstream input(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(input), std::istreambuf_iterator<char>()};
}

// Command lines and environments of the programs that this process has started and that still run.
std::string seen_of_children() {
  std::string seen;
  const std::string parent = "\nPPid:\t" + std::to_string(::getpid()) + "\n";
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", gone)) {
    if (!has(contents(entry.path() / "status"), parent)) continue;
    seen += contents(entry.path() / "cmdline") + contents(entry.path() / "environ");
  }
  return seen;
}

TEST_CASE("a key is in no command line, no environment and no output, wherever it comes from") {
  FakeDaemon daemon;
  const TemporaryFolder folder;
  daemon.put("PUT /v1/merchants/p/m", 201, kMade);
  std::mutex mutex;  // requests are answered in threads of their own
  std::string seen;
  daemon.on_request([&] {
    const std::lock_guard<std::mutex> lock(mutex);
    seen = seen_of_children();
  });
  const std::string file = folder.write("k", std::string(kSecret) + "\n");
  for (const std::string& word : {"--key-file=" + file, std::string("--key=k=-")}) {
    CAPTURE(word);
    const ProgramResult result = daemon.run({"merchant", "add", "p", "m", word}, std::string(kSecret) + "\n");
    CHECK(result.exit_code == 0);
    CHECK(daemon.last_body() == R"({"keys":[{"id":"k","secret":"canary-5f3a"}],"version":0})");
    const std::lock_guard<std::mutex> lock(mutex);
    CHECK(has(seen, word));
    CHECK_FALSE(has(seen + result.out + result.err, kSecret));
  }
}

TEST_CASE("a terminal is asked for a key and shows nothing of it") {
  FakeDaemon daemon;
  daemon.put("PUT /v1/merchants/p/m", 201, kMade);
  const std::vector<std::string> words = {"merchant", "add", "p", "m", "--key", "-", "--socket", daemon.address()};
  const ProgramResult typed = run_at_terminal(words, "Key (not shown): ", std::string(kSecret) + "\n");
  CHECK(typed.exit_code == 0);
  CHECK(daemon.last_body() == R"({"keys":[{"id":"key","secret":"canary-5f3a"}],"version":0})");
  CHECK(has(typed.out, "Key (not shown): "));
  CHECK_FALSE(has(typed.out, kSecret));
  const ProgramResult interrupted = run_at_terminal(words, "Key (not shown): ", "half\x03");
  CHECK(interrupted.exit_code == 1);
  CHECK(has(interrupted.out, "interrupted; nothing was changed"));
  CHECK(daemon.asked().size() == 1);
}

TEST_CASE("a key that was written on the command line is refused and not repeated") {
  FakeDaemon daemon;
  const ProgramResult result = daemon.run({"merchant", "add", "p", "m", "--key", kSecret});
  CHECK(result.exit_code == 2);
  CHECK(has(result.err, "takes '-' or 'ID=-'"));
  CHECK(has(result.err, "replace it"));
  CHECK_FALSE(has(result.out + result.err, kSecret));
  CHECK(daemon.asked().empty());
}

TEST_CASE("key files are held to the rules of the configuration") {
  FakeDaemon daemon;
  const TemporaryFolder folder;
  const auto refusal = [&](const std::string& option, const std::string& file) {
    const ProgramResult result = daemon.run({"merchant", "add", "p", "m", option, file});
    CHECK(result.exit_code == 1);
    return result.err;
  };
  const std::string open = folder.write("open", kSecret, 0644);
  for (const char* option : {"--key-file", "--private-key-file"}) {
    CHECK(has(refusal(option, open), "has mode 0644, so others than its owner can use it; run chmod 600 on it"));
  }
  CHECK(has(refusal("--key-file", folder.file("none")), "No such file"));
  CHECK(has(refusal("--key-file", folder.write("empty", "\n")), "is empty"));
  CHECK(has(refusal("--key-file", folder.write("large", std::string(20'000, 'x'))), "has more than 16384 bytes"));
  CHECK(has(refusal("--key-file", folder.write("bytes", "\xff\xfe")), "is not text"));
  CHECK(has(refusal("--key", "-"), "standard input holds no key"));
  CHECK(daemon.asked().empty());
}

TEST_CASE("a key from standard input loses one line end and has a limit") {
  FakeDaemon daemon;
  daemon.put("PUT /v1/merchants/p/m", 201, kMade);
  const std::vector<std::string> words = {"merchant", "add", "p", "m", "--key", "a=-"};
  CHECK(daemon.run(words, "one\ntwo\n\r\n").exit_code == 0);
  CHECK(daemon.last_body() == R"({"keys":[{"id":"a","secret":"one\ntwo\n"}],"version":0})");
  const ProgramResult large = daemon.run(words, std::string(20'000, 'x'));
  CHECK(large.exit_code == 1);
  CHECK(has(large.err, "more than 16384 bytes"));
}

}  // namespace
}  // namespace ackd
