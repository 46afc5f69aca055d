#include "events/line_output.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <array>
#include <csignal>
#include <string>

#include "base/unique_fd.h"

namespace ackd {
namespace {

constexpr int kPipeBytes = 8'192;  // two pages; with a single one a pipe that is not empty is full

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    REQUIRE(::fcntl(ends[1], F_SETPIPE_SZ, kPipeBytes) == kPipeBytes);
    reader = UniqueFd(ends[0]);
    writer = UniqueFd(ends[1]);
  }
  std::string read(std::size_t bytes) const {
    std::string text(bytes, '\0');
    const ssize_t got = ::read(reader.get(), text.data(), text.size());
    REQUIRE(got >= 0);
    text.resize(static_cast<std::size_t>(got));
    return text;
  }
  UniqueFd reader;
  UniqueFd writer;
};

TEST_CASE("lines reach whoever reads") {
  const Pipe pipe;
  LineOutput output(pipe.writer.get());
  CHECK(output.write("one\n"));
  CHECK(output.write("two\n"));
  CHECK(pipe.read(100) == "one\ntwo\n");
}

TEST_CASE("a full pipe costs lines and no time, and goes on at the beginning of a line") {
  const Pipe pipe;
  LineOutput output(pipe.writer.get());
  CHECK_FALSE(output.write(std::string(kPipeBytes, 'x') + "\n"));
  CHECK_FALSE(output.write("dropped\n"));
  CHECK(pipe.read(kPipeBytes) == std::string(kPipeBytes, 'x'));  // its end was cut off
  CHECK(output.write("after\n"));
  CHECK(pipe.read(100) == "\nafter\n");
}

TEST_CASE("a reader that has left, and a descriptor that is none, cost lines only") {
  std::signal(SIGPIPE, SIG_IGN);  // as the daemon does
  Pipe pipe;
  pipe.reader = UniqueFd();
  CHECK_FALSE(LineOutput(pipe.writer.get()).write("nobody\n"));
  CHECK_FALSE(LineOutput(-1).write("nowhere\n"));
}

}  // namespace
}  // namespace ackd
