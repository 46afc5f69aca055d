// ackctl enqueue as scripts see it: the built program against a daemon that has mishaps on demand.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "fake_daemon.h"
#include "ingest_daemon.h"
#include "loop/uv_clock.h"
#include "program.h"

namespace ackd {
namespace {

std::string lines(int from, int to) {
  std::string out;
  for (int i = from; i < to; ++i) out += fmt::format("{{\"fields\":{{\"order\":\"{}\",\"amount\":12.30}}}}\n", i);
  return out;
}

std::size_t count_lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST_CASE("lines go in chunks of a thousand, byte for byte") {
  IngestDaemon daemon;
  const std::string input = lines(0, 2'500);
  const ProgramResult result = daemon.run({"-"}, input);
  CHECK(result.exit_code == 0);
  CHECK(result.out == "2500 recorded, 0 already recorded, 0 refused\n");
  CHECK(result.err.empty());
  std::string sent;
  std::vector<std::size_t> sizes;
  for (const auto& request : daemon.take_requests()) {
    CHECK(request.content_type == "application/x-ndjson");
    sent += request.body;
    sizes.push_back(count_lines(request.body));
  }
  CHECK(sent == input);
  CHECK(sizes == std::vector<std::size_t>{1'000, 1'000, 500});
}

TEST_CASE("a chunk ends before it is larger than a MiB") {
  IngestDaemon daemon;
  const std::string line = "{\"a\":\"" + std::string(300'000, 'x');
  const ProgramResult result = daemon.run({"-"}, line + "1\"}\n" + line + "2\"}\n" + line + "3\"}\n" + line + "4\"}");
  CHECK(result.exit_code == 0);
  const auto requests = daemon.take_requests();
  REQUIRE(requests.size() == 2);
  CHECK(count_lines(requests[0].body) == 3);
  CHECK(requests[1].body == line + "4\"}\n");
}

TEST_CASE("the same input again is already recorded") {
  IngestDaemon daemon;
  CHECK(daemon.run({"-"}, lines(0, 1'200)).exit_code == 0);
  const ProgramResult again = daemon.run({"--file", "-"}, lines(0, 1'200));
  CHECK(again.exit_code == 0);
  CHECK(again.out == "0 recorded, 1200 already recorded, 0 refused\n");
  CHECK(daemon.recorded() == 1'200);
}

TEST_CASE("a bad line is named by its number and spoils nothing else") {
  IngestDaemon daemon;
  const std::string input = lines(0, 2) + "\n  \r\n" + "garbage\n" + lines(2, 3) + std::string(2'200'000, 'x') + "\n" +
                            lines(3, 4) + "also garbage";
  const ProgramResult result = daemon.run({"-"}, input);
  CHECK(result.exit_code == 1);
  CHECK(result.out == "4 recorded, 0 already recorded, 3 refused\n");
  CHECK(has(result.err, "line 5: it is no object\n"));
  CHECK(has(result.err, "line 7: the line holds more than 2097152 bytes, the limit of one notification\n"));
  CHECK(has(result.err, "line 9: it is no object\n"));
  CHECK(daemon.recorded() == 4);
}

TEST_CASE("--json gives each result with its line, and the summary on standard error") {
  IngestDaemon daemon;
  const ProgramResult result = daemon.run({"-", "--json"}, lines(0, 1) + "\nbad\n" + lines(0, 1));
  CHECK(result.out ==
        "{\"line\":1,\"status\":201,\"id\":\"1\",\"state\":\"pending\"}\n"
        "{\"line\":3,\"status\":422,\"problem\":{\"title\":\"invalid\",\"detail\":\"it is no object\"}}\n"
        "{\"line\":4,\"status\":200,\"id\":\"1\",\"state\":\"pending\",\"duplicate\":true}\n");
  CHECK(has(result.err, "1 recorded, 1 already recorded, 1 refused\n"));
}

TEST_CASE("a full disk in the middle of a chunk sends again only what is not recorded") {
  IngestDaemon daemon;
  daemon.expect({{Mishap::kFullFrom, 300}, {Mishap::kRefused, 503}, {}});
  const ProgramResult result = daemon.run({"-"}, lines(0, 1'000));
  CHECK(result.exit_code == 0);
  CHECK(result.out == "1000 recorded, 0 already recorded, 0 refused\n");
  CHECK(has(result.err, "the disk is full; trying again for"));
  const auto requests = daemon.take_requests();
  REQUIRE(requests.size() == 3);
  CHECK(requests[1].body == lines(300, 1'000));
  CHECK(requests[2].body == lines(300, 1'000));
}

TEST_CASE("an overloaded daemon is given the time that it asks for") {
  IngestDaemon daemon;
  daemon.expect({{Mishap::kRefused, 429, 1}});
  UvClock clock;
  const BootTime began = clock.now().boot;
  const ProgramResult result = daemon.run({"-"}, lines(0, 3));
  CHECK(result.exit_code == 0);
  CHECK((clock.now().boot - began).count() >= 1'000);
  CHECK(daemon.take_requests().size() == 2);
}

TEST_CASE("a connection that is cut is made anew, and what was recorded meanwhile is recognised") {
  IngestDaemon daemon;
  daemon.expect({{}, {Mishap::kCutBefore}, {Mishap::kCutAfterwards}});
  const ProgramResult result = daemon.run({"-"}, lines(0, 2'000));
  CHECK(result.exit_code == 0);
  // libcurl itself repeats a request on a kept-alive connection that turned out dead, so the cuts may cost one or two.
  CHECK(result.out == "1000 recorded, 1000 already recorded, 0 refused\n");
  CHECK(daemon.recorded() == 2'000);
}

TEST_CASE("patience ends with the first line that is not recorded") {
  IngestDaemon daemon;
  daemon.expect(
      {{}, {Mishap::kFullFrom, 5}, {Mishap::kRefused, 503}, {Mishap::kRefused, 503}, {Mishap::kRefused, 503}});
  const ProgramResult result = daemon.run({"-", "--timeout", "300ms"}, lines(0, 2'000));
  CHECK(result.exit_code == 1);
  CHECK(result.out == "1005 recorded, 0 already recorded, 0 refused\n");
  CHECK(
      has(result.err, "gave up after 300ms without progress; line 1006 is the first that is not known to be recorded"));
  CHECK(has(result.err, "Running the same command again is safe"));
  const ProgramResult again = daemon.run({"-"}, lines(0, 2'000));
  CHECK(again.out == "995 recorded, 1005 already recorded, 0 refused\n");
}

TEST_CASE("a daemon that goes away for good is unreachable in the end; one that never was there is not waited for") {
  IngestDaemon daemon;
  std::deque<Mishap> cuts(50, Mishap{Mishap::kCutBefore});
  cuts.push_front({});
  daemon.expect(cuts);
  const ProgramResult result = daemon.run({"-", "--timeout", "300ms"}, lines(0, 1'001));
  CHECK(result.exit_code == 3);
  CHECK(has(result.err, "line 1001 is the first"));
  CHECK(!has(result.err, "before repeating it"));
  const ProgramResult never = run_ackctl({"enqueue", "-"}, lines(0, 3));
  CHECK(never.exit_code == 3);
  CHECK(has(never.err, "/nonexistent/ackd.sock"));
}

TEST_CASE("a daemon that breaks off before its first answer was there: its return is waited for") {
  IngestDaemon daemon;
  daemon.expect({{Mishap::kGone}});
  const ProgramResult result = daemon.run({"-", "--timeout", "300ms"}, lines(0, 3));
  CHECK(result.exit_code == 3);
  CHECK(has(result.err, "trying again for"));
  CHECK(has(result.err, "gave up after 300ms without progress"));
}

TEST_CASE("a refusal of the whole request ends it and says where") {
  IngestDaemon daemon;
  daemon.expect({{}, {Mishap::kRefused, 403}});
  const ProgramResult result = daemon.run({"-"}, lines(0, 1'500));
  CHECK(result.exit_code == 1);
  CHECK(has(result.err, "line 1001 is the first"));
  CHECK(daemon.take_requests().size() == 2);
}

TEST_CASE("a single notification waits for room too") {
  IngestDaemon daemon;
  daemon.expect({{Mishap::kRefused, 503}, {Mishap::kRefused, 503}});
  const ProgramResult waits = daemon.run({"--provider", "p", "--merchant", "m", "--timeout", "0s"}, "");
  CHECK(waits.exit_code == 1);
  CHECK(has(waits.err, "the disk is nearly full"));
  CHECK(daemon.take_requests().size() == 1);
}

TEST_CASE("the first line tells NDJSON from a document") {
  FakeDaemon daemon;
  daemon.put("POST /v1/notifications", 200, R"({"results":[{"status":201,"id":"1","state":"pending"}]})");
  CHECK(daemon.run({"enqueue", "-"}, "\n {\"a\":{\"b\":\"}\\\"\"}}").out == "1  pending\n");
  CHECK(daemon.last_body() == " {\"a\":{\"b\":\"}\\\"\"}}\n");
  CHECK(daemon.run({"enqueue", "-"}, "[{\n},\n]").exit_code == 0);
  CHECK(daemon.last_body() == "[{\n},\n]");
  CHECK(daemon.run({"enqueue", "-", "--ndjson"}, "[{}]").exit_code == 0);
  CHECK(daemon.last_body() == "[{}]\n");
  CHECK(daemon.run({"enqueue", "-"}, "").out == "0 recorded, 0 already recorded, 0 refused\n");
  daemon.put("POST /v1/notifications", 201, R"({"id":"7","state":"pending"})");
  CHECK(daemon.run({"enqueue", "-"}, "{\n}\n").out == "7  pending\n");
  CHECK(daemon.last_body() == "{\n}\n");
}

TEST_CASE("an array that is too large names NDJSON as the way") {
  FakeDaemon daemon;
  daemon.put("POST /v1/notifications", 413, R"({"detail":"the batch holds more than 10000 notifications"})");
  CHECK(has(daemon.run({"enqueue", "-"}, "[{},{}]").err,
            "10000 notifications; or write one notification a line (NDJSON)"));
  const ProgramResult long_one = daemon.run({"enqueue", "-"}, "[" + std::string(17u << 20, ' ') + "]");
  CHECK(long_one.exit_code == 1);
  CHECK(has(long_one.err, "more than 16777216 bytes"));
  CHECK(has(long_one.err, "NDJSON"));
}

TEST_CASE("what only describes one notification does not go with a file") {
  CHECK(run_ackctl({"enqueue", "-", "--key", "k"}).exit_code == 2);
  CHECK(run_ackctl({"enqueue", "--file", "-", "--provider", "p", "--merchant", "m"}).exit_code == 2);
  CHECK(run_ackctl({"enqueue", "--file", "/nonexistent/file"}).exit_code == 2);
  CHECK(run_ackctl({"enqueue", "-", "--timeout", "soon"}).exit_code == 2);
}

}  // namespace
}  // namespace ackd
