// The steering verbs as scripts see them: by id, and by filter as a job of the daemon.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "ackctl/job_story.h"
#include "fake_daemon.h"
#include "program.h"

namespace ackd {
namespace {

constexpr const char* kDone = R"({"id":"7","verb":"cancel","state":"done","dry_run":false,"filter":{"merchant":"m"},
  "looked_at":5,"matched":1234,"applied":1234,"refused":0,"created_at":"2026-03-01T12:00:00.000Z"})";

TEST_CASE("every verb has its address, sends its reason and says what it did") {
  FakeDaemon daemon;
  daemon.put("POST /v1/notifications/5/hold", 200, R"({"id":"5","state":"held","result":"applied"})");
  daemon.put("POST /v1/notifications/5/release", 200,
             R"({"id":"5","state":"pending","result":"applied","next_at":"2026-03-01T12:00:00.000Z"})");
  daemon.put("POST /v1/notifications/5/resend", 200,
             R"({"id":"5","state":"pending","result":"applied","replay_id":"6"})");
  CHECK(daemon.run({"hold", "5", "--reason", "the shop moves"}).out == "5  held  held\n");
  CHECK(daemon.last_body() == R"({"reason":"the shop moves"})");
  CHECK(daemon.run({"release", "5"}).out == "5  pending  released, next attempt 2026-03-01 12:00:00.000\n");
  CHECK(daemon.last_body().empty());
  CHECK(daemon.run({"resend", "5"}).out == "5  pending  sent again as 6\n");
}

TEST_CASE("by filter without a terminal nothing is started until somebody says yes") {
  FakeDaemon daemon;
  const ProgramResult refused = daemon.run({"cancel", "--merchant", "m"});
  CHECK(refused.exit_code == 2);
  CHECK(has(refused.err, "add --yes, or --dry-run"));
  CHECK(daemon.asked().empty());
}

TEST_CASE("what cannot be meant is a mistake of usage") {
  FakeDaemon daemon;
  CHECK(daemon.run({"cancel"}).exit_code == 2);
  CHECK(daemon.run({"cancel", "5", "--merchant", "m", "--yes"}).exit_code == 2);
  // A script whose variable was empty.
  for (const char* option : {"--merchant", "--order", "--tag", "--since"}) {
    CHECK(daemon.run({"cancel", "--provider", "dhpay", option, "", "--yes"}).exit_code == 2);
  }
  CHECK(daemon.run({"cancel", "5", "--all", "--yes"}).exit_code == 2);
  CHECK(daemon.run({"cancel", "5", "--dry-run"}).exit_code == 2);
  CHECK(daemon.run({"cancel", "--order", "42", "--no-wait"}).exit_code == 2);
  CHECK(daemon.run({"cancel", "--state", "asleep", "--yes"}).exit_code == 2);
  CHECK(daemon.asked().empty());
}

TEST_CASE("a filter becomes a job that is followed to its end") {
  FakeDaemon daemon;
  daemon.put("POST /v1/jobs", 201, R"({"id":"7","state":"running"})");
  daemon.put("GET /v1/jobs/7", 200, kDone);
  const ProgramResult result = daemon.run({"cancel",
                                           "--state",
                                           "pending",
                                           "--provider",
                                           "p",
                                           "--merchant",
                                           "m",
                                           "--type",
                                           "payment",
                                           "--host",
                                           "shop.example",
                                           "--tag",
                                           "a=1",
                                           "--tag",
                                           "b=x=y",
                                           "--since",
                                           "2026-03-01T00:00:00Z",
                                           "--until",
                                           "2026-03-02T00:00:00Z",
                                           "--order",
                                           "42",
                                           "--reason",
                                           "closed",
                                           "--yes"});
  CHECK(result.exit_code == 0);
  CHECK(result.out == "job 7  done  1,234 matched, 1,234 cancelled\n");
  CHECK(result.err.empty());
  CHECK(daemon.asked() == std::vector<std::string>{"POST /v1/jobs", "GET /v1/jobs/7"});
  const ProgramResult started = daemon.run({"cancel", "--all", "--tag", "a=1", "--yes", "--no-wait"});
  CHECK(started.out == "7\n");
  CHECK(daemon.last_body() == R"({"verb":"cancel","filter":{"tag":["a=1"]},"all":true})");
  daemon.run({"cancel", "--state", "pending", "--tag", "a=1", "--tag", "b=x=y", "--order", "42", "--reason", "closed",
              "--until", "2026-03-02T00:00:00Z", "--yes", "--no-wait"});
  CHECK(daemon.last_body() == R"({"verb":"cancel","filter":{"state":"pending","subject":"42","tag":["a=1","b=x=y"],)"
                              R"("until":"2026-03-02T00:00:00Z"},"reason":"closed"})");
}

TEST_CASE("a dry run only counts") {
  FakeDaemon daemon;
  daemon.put("POST /v1/jobs", 201, R"({"id":"7","state":"running"})");
  daemon.put("GET /v1/jobs/7", 200, R"({"id":"7","verb":"hold","state":"done","dry_run":true,"matched":1})");
  CHECK(daemon.run({"hold", "--all", "--dry-run"}).out == "1 notification matches\n");
  CHECK(daemon.asked().size() == 2);
  daemon.run({"hold", "--all", "--dry-run", "--json"});
  CHECK(daemon.run({"hold", "--all", "--dry-run", "--json"}).out ==
        "{\"id\":\"7\",\"verb\":\"hold\",\"state\":\"done\",\"dry_run\":true,\"matched\":1}\n");
}

TEST_CASE("what a job refused shows in its line and in the exit code") {
  FakeDaemon daemon;
  daemon.put("POST /v1/jobs", 201, R"({"id":"7","state":"running"})");
  daemon.put("GET /v1/jobs/7", 200,
             R"({"id":"7","verb":"hold","state":"done","dry_run":false,"matched":10,"applied":9,"refused":1})");
  const ProgramResult partly = daemon.run({"hold", "--merchant", "m", "--yes"});
  CHECK(partly.exit_code == 1);
  CHECK(partly.out == "job 7  done  10 matched, 9 held, 1 refused: in flight, or in another state by then\n");
  daemon.put("GET /v1/jobs/7", 200, R"({"id":"7","verb":"hold","state":"done","matched":0,"applied":0,"refused":0})");
  const ProgramResult none = daemon.run({"hold", "--merchant", "m", "--yes"});
  CHECK(none.exit_code == 0);
  CHECK(none.out == "job 7  done  no notification matched\n");
  daemon.put("POST /v1/jobs", 429, R"({"title":"overloaded","detail":"8 jobs are running"})");
  const ProgramResult refused = daemon.run({"hold", "--merchant", "m", "--yes"});
  CHECK(refused.exit_code == 1);
  CHECK(refused.err == "ackctl: 8 jobs are running\n");
  CHECK(run_ackctl({"hold", "--merchant", "m", "--yes"}).exit_code == 3);
}

TEST_CASE("jobs are listed, shown, stopped and waited for") {
  FakeDaemon daemon;
  daemon.put("GET /v1/jobs?limit=50", 200, fmt::format(R"({{"jobs":[{}],"next_cursor":"6"}})", kDone));
  daemon.put("GET /v1/jobs/7", 200, kDone);
  daemon.put("POST /v1/jobs/7/stop", 409, R"({"detail":"job 7 has ended; nothing is left to stop"})");
  const ProgramResult table = daemon.run({"job", "ls"});
  CHECK(has(table.out, "JOB  STATE  VERB    MATCHED  APPLIED  REFUSED  STARTED              FILTER\n"));
  CHECK(has(table.out, "7    done   cancel  1234     1234     0        2026-03-01 12:00:00  merchant=m\n"));
  CHECK(has(table.err, "older jobs follow"));
  const ProgramResult shown = daemon.run({"job", "show", "7"});
  CHECK(has(shown.out, "job 7  done  cancel\n"));
  CHECK(has(shown.out, "  filter          merchant=m\n"));
  CHECK(has(shown.out, "  looked at       5\n"));
  CHECK(has(shown.out, "  matched         1,234\n"));
  CHECK(has(daemon.run({"job", "show", "7", "--json"}).out, R"("filter":{"merchant":"m"})"));
  CHECK(daemon.run({"job", "wait", "7"}).exit_code == 0);
  const ProgramResult stopped = daemon.run({"job", "stop", "7"});
  CHECK(stopped.exit_code == 1);
  CHECK(has(stopped.err, "has ended"));
  CHECK(daemon.run({"job", "show", "8"}).exit_code == 1);
  CHECK(daemon.run({"job", "show"}).exit_code == 2);
}

TEST_CASE("Ctrl-C leaves the job running and says how to go on") {
  FakeDaemon daemon;
  daemon.put("GET /v1/jobs/7", 200, R"({"id":"7","verb":"cancel","state":"running","matched":10})");
  RunningProgram waiting({"job", "wait", "7", "--socket", daemon.address()});
  REQUIRE(daemon.wait_for("GET /v1/jobs/7"));
  CHECK(waiting.finish() == 1);
  for (const std::string& request : daemon.asked()) CHECK(request == "GET /v1/jobs/7");
}

TEST_CASE("numbers are grouped by thousands") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1'000) == "1,000");
  CHECK(grouped(1'234'567) == "1,234,567");
}

TEST_CASE("ls takes a host and several tags") {
  FakeDaemon daemon;
  daemon.put("GET /v1/notifications?limit=50&host=shop.example%3A8443&tag=a%3D1&tag=b%3Dx", 200,
             R"({"notifications":[],"next_cursor":null})");
  CHECK(daemon.run({"ls", "--host", "shop.example:8443", "--tag", "a=1", "--tag", "b=x"}).exit_code == 0);
}

}  // namespace
}  // namespace ackd
