// The verbs as scripts see them: the built program against a daemon that is played by a scripted HTTP server.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

#include "ackctl/document.h"
#include "base/time.h"
#include "fake_daemon.h"
#include "program.h"

namespace ackd {
namespace {

TEST_CASE("what was typed wrong is shown as text and drives no terminal") {
  const ProgramResult result = run_ackctl({"ls", "--state", "\x1b[2Jheld"});
  CHECK(result.exit_code == 2);
  CHECK(result.err.find('\x1b') == std::string::npos);
  CHECK(result.err.find("\\x1b[2Jheld") != std::string::npos);
  CHECK(run_ackctl({"--help"}).out.find("\n  ls ") != std::string::npos);
}

TEST_CASE("exit codes tell usage from an unreachable daemon") {
  CHECK(run_ackctl({}).exit_code == 2);
  CHECK(run_ackctl({"no-such-verb"}).exit_code == 2);
  CHECK(run_ackctl({"ls", "--state", "nonsense"}).exit_code == 2);
  CHECK(run_ackctl({"show"}).exit_code == 2);
  CHECK(run_ackctl({"show", "order-42"}).exit_code == 2);
  CHECK(run_ackctl({"enqueue"}).exit_code == 2);
  CHECK(run_ackctl({"enqueue", "--provider", "p", "--merchant", "m", "--field", "novalue"}).exit_code == 2);
  CHECK(run_ackctl({"--help"}).exit_code == 0);
  CHECK(run_ackctl({"--version"}).exit_code == 0);
  const ProgramResult unreachable = run_ackctl({"ls"});
  CHECK(unreachable.exit_code == 3);
  CHECK(has(unreachable.err, "/nonexistent/ackd.sock"));
  CHECK(has(unreachable.err, "ackd --config"));
}

TEST_CASE("enqueue sends the fields in their order and prints id and state") {
  FakeDaemon daemon;
  daemon.put("POST /v1/notifications", 201, R"({"id":"31","state":"pending"})");
  const ProgramResult result = daemon.run({"enqueue", "--provider", "dhpay", "--merchant", "m", "--field", "z=1=2",
                                           "--field", "a=", "--key", "k", "--tag", "t=[1]"});
  CHECK(result.exit_code == 0);
  CHECK(result.out == "31  pending\n");
  CHECK(daemon.last_body() ==
        R"({"provider":"dhpay","merchant":"m","fields":{"z":"1=2","a":""},"key":"k","tags":{"t":"[1]"}})");
}

TEST_CASE("enqueue passes a file on byte for byte, so that 12.30 stays 12.30") {
  FakeDaemon daemon;
  daemon.put("POST /v1/notifications", 200, R"({"id":"31","state":"delivered","duplicate":true})");
  const std::string text = "{\n\"provider\":\"p\",\"fields\":{\"amount\":12.30}} ";
  const ProgramResult result = daemon.run({"enqueue", "--file", "-", "--json"}, text);
  CHECK(result.exit_code == 0);
  CHECK(result.out == "{\"id\":\"31\",\"state\":\"delivered\",\"duplicate\":true}\n");
  CHECK(daemon.last_body() == text);
}

TEST_CASE("enqueue names every refused item of a batch") {
  FakeDaemon daemon;
  daemon.put("POST /v1/notifications", 200,
             R"({"results":[{"status":201,"id":"31","state":"pending"},
                {"status":422,"problem":{"detail":"fields.amount: the field is required"}},
                {"status":409,"problem":{"title":"conflict","field":"key"}}]})");
  const ProgramResult result = daemon.run({"enqueue", "--file", "-"}, "[{},{},{}]");
  CHECK(result.exit_code == 1);
  CHECK(result.out == "31  pending\n1 recorded, 0 already recorded, 2 refused\n");
  CHECK(has(result.err, "item 2: fields.amount: the field is required\n"));
  CHECK(has(result.err, "item 3: key: conflict\n"));
}

TEST_CASE("a refused notification says which field and why") {
  FakeDaemon daemon;
  daemon.put("POST /v1/notifications", 422,
             R"({"title":"invalid","detail":"the field is required","field":"fields.a"})");
  const ProgramResult result = daemon.run({"enqueue", "--provider", "p", "--merchant", "m"});
  CHECK(result.exit_code == 1);
  CHECK(result.err == "ackctl: fields.a: the field is required\n");
}

TEST_CASE("ls follows cursors through short pages up to its limit") {
  FakeDaemon daemon;
  daemon.put("GET /v1/notifications?limit=3&subject=a%20b", 200, R"({"notifications":[],"next_cursor":"c1"})");
  daemon.put("GET /v1/notifications?limit=3&subject=a%20b&cursor=c1", 200,
             R"({"notifications":[{"id":"3","state":"pending","provider":"p","merchant":"m","subject":"a b",
                 "attempts":1,"next_at":"2026-03-01T12:00:00.000Z"}],"next_cursor":"c2"})");
  daemon.put(
      "GET /v1/notifications?limit=2&subject=a%20b&cursor=c2", 200,
      R"({"notifications":[{"id":"2","state":"held","reason":"bad\u001b[2Jkey"},{"id":"1"}],"next_cursor":"c3"})");
  const ProgramResult table = daemon.run({"ls", "--order", "a b", "--limit", "3"});
  CHECK(table.exit_code == 0);
  CHECK(has(table.out, "ID  STATE    PROVIDER  MERCHANT  SUBJECT  ATTEMPTS  NEXT/FINISHED        REASON\n"));
  CHECK(has(table.out, "3   pending  p         m         a b      1         2026-03-01 12:00:00\n"));
  CHECK(has(table.out, "bad\\x1b[2Jkey\n"));
  CHECK(has(table.err, "more rows follow"));
  const ProgramResult lines = daemon.run({"ls", "--order", "a b", "--limit", "3", "--json"});
  CHECK(has(lines.out, "{\"id\":\"2\",\"state\":\"held\",\"reason\":\"bad\\u001b[2Jkey\"}\n{\"id\":\"1\"}\n"));
}

TEST_CASE("an order stands for all its notifications") {
  FakeDaemon daemon;
  daemon.put("GET /v1/notifications?limit=1000&subject=42", 200,
             R"({"notifications":[{"id":"9"},{"id":"8"}],"next_cursor":null})");
  daemon.put("GET /v1/notifications?limit=1000&subject=43", 200, R"({"notifications":[],"next_cursor":null})");
  daemon.put("GET /v1/notifications/9", 200, R"({"id":"9","state":"pending"})");
  daemon.put("GET /v1/notifications/8", 200, R"({"id":"8","state":"delivered"})");
  const ProgramResult both = daemon.run({"show", "--order", "42"});
  CHECK(both.exit_code == 0);
  CHECK(has(both.out, "2 notifications of order 42, the newest first\n"));
  CHECK(both.out.find("notification 9") < both.out.find("notification 8"));
  CHECK(daemon.run({"show", "--order", "42", "--json"}).out ==
        "{\"id\":\"9\",\"state\":\"pending\"}\n{\"id\":\"8\",\"state\":\"delivered\"}\n");
  CHECK(daemon.run({"show", "--order", "43"}).exit_code == 1);
}

TEST_CASE("one refusal does not keep the other ids from being done") {
  FakeDaemon daemon;
  daemon.put("POST /v1/notifications/7/retry", 409, R"({"detail":"an attempt is in flight; retry after it"})");
  daemon.put("POST /v1/notifications/8/retry", 200,
             R"({"id":"8","state":"exhausted","result":"applied","replay_id":"9"})");
  const ProgramResult result = daemon.run({"retry", "-"}, "7\n\n{\"id\":\"8\",\"state\":\"exhausted\"}\n");
  CHECK(result.exit_code == 1);
  CHECK(result.err == "ackctl: 7: an attempt is in flight; retry after it\n");
  CHECK(result.out == "8  exhausted  sent again as 9\n");
  CHECK(daemon.run({"cancel", "5"}).exit_code == 1);
}

TEST_CASE("why, stats and clock confirm speak to their addresses") {
  FakeDaemon daemon;
  daemon.put("GET /v1/notifications/7/why", 200, R"({"id":"7","state":"held","why":"its key is missing","facts":[]})");
  daemon.put("GET /v1/stats", 200,
             R"({"version":"0.1.0","uptime_s":61,"pid":7,"counts":{"pending":3},"admitted":5,"engine":{"turns":8}})");
  daemon.put("POST /v1/clock/confirm", 200, "{}");
  CHECK(daemon.run({"why", "7"}).out == "7  held  its key is missing\n");
  const std::string stats = daemon.run({"stats"}).out;
  CHECK(has(stats, "ackd 0.1.0, process 7, up 1m 1s\n"));
  CHECK(has(stats, "pending"));
  CHECK(has(stats, "turns   8\n"));
  CHECK(daemon.run({"clock", "confirm"}).exit_code == 0);
  CHECK(daemon.asked().back() == "POST /v1/clock/confirm");
}

TEST_CASE("an answer that is not JSON is a refusal, not a crash") {
  FakeDaemon daemon;
  daemon.put("GET /v1/stats", 200, "<html>proxy</html>");
  daemon.put("GET /v1/notifications?limit=50", 502, "<html>bad gateway</html>");
  CHECK(daemon.run({"stats"}).exit_code == 1);
  const ProgramResult list = daemon.run({"ls"});
  CHECK(list.exit_code == 1);
  CHECK(has(list.err, "status 502"));
}

TEST_CASE("stats says above its numbers that sending is suspended") {
  FakeDaemon daemon;
  daemon.put("GET /v1/stats", 200,
             R"({"engine":{"sending":"suspended","sending_since":"2026-03-01T12:00:00.250Z","hosts_failing":12,
                 "hosts_reached":2}})");
  const std::string stats = daemon.run({"stats"}).out;
  CHECK(has(stats, "SENDING IS SUSPENDED since 2026-03-01 12:00:00.250: 12 hosts cannot be connected to, 2 answer"));
  CHECK(has(stats, "check this machine's network"));
  daemon.put("GET /v1/stats", 200, R"({"engine":{"sending":"on"}})");
  CHECK_FALSE(has(daemon.run({"stats"}).out, "SUSPENDED"));
}

TEST_CASE("explain gives the timetables of the three providers") {
  const std::map<std::string, std::vector<int>> delays = {
      {"payindex", {10, 10, 10}},
      {"dhpay", {60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200}},
      {"ipaynow", {120, 600, 1800, 3600, 7200, 21600, 36000, 54000}}};
  for (const auto& each : delays) {
    const std::string& provider = each.first;
    const std::vector<int>& gaps = each.second;
    CAPTURE(provider);
    const ProgramResult result = run_ackctl({"explain", provider, "--json"});
    CHECK(result.exit_code == 0);
    std::string expected = R"([{"attempt":1,"after_s":0})";
    int after = 0;
    for (std::size_t i = 0; i < gaps.size(); ++i) {
      after += gaps[i];
      expected += fmt::format(R"(,{{"attempt":{},"after_s":{}}})", i + 2, after);
    }
    CHECK(result.out == expected + "]\n");
  }
}

TEST_CASE("explain for people shows instants, rules and where each fact comes from") {
  const ProgramResult result = run_ackctl({"explain", "ipaynow", "--from", "2026-03-01T12:00:00Z"});
  CHECK(result.exit_code == 0);
  CHECK(has(result.out, "2        2m       2026-03-01 12:02:00.000\n"));
  CHECK(has(result.out, "'&{md5(key)}' behind"));
  CHECK(has(result.out, "success=Y"));
  CHECK(has(result.out, "inferred"));
  CHECK(has(result.out, "published"));
  CHECK(run_ackctl({"explain", "ipaynow", "--from", "noon"}).exit_code == 2);
  const ProgramResult unknown = run_ackctl({"explain", "no_such_thing"});
  CHECK(unknown.exit_code == 1);
  CHECK(has(unknown.err, "there are adyen, alipay, allinpay"));
  CHECK(has(run_ackctl({"explain", "paypel"}).err, "did you mean 'paypal'?"));
}

}  // namespace
}  // namespace ackd
