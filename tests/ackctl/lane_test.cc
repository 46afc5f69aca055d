// The lane verbs against a scripted daemon.
#include <doctest/doctest.h>

#include <algorithm>

#include "ackctl/document.h"
#include "fake_daemon.h"

namespace ackd {
namespace {

constexpr const char* kFirst =
    R"({"lanes":[{"provider":"p","merchant":"m1","in_flight":3,"window":16,"buffered":7,
        "opens_at":"2026-03-01T12:00:00.000Z","trouble":"no route\u001b[2J","host":"https://a.example",
        "host_in_flight":3,"host_ceiling":64,"rate":5,"rate_burst":10,
        "rate_opens_at":"2026-03-01T12:00:00.200Z"}],"next_cursor":"p||m1"})";
constexpr const char* kSecond =
    R"({"lanes":[{"provider":"p","merchant":"m1","origin":"https://b.example","in_flight":0,"window":16,"buffered":1,
        "host":"https://b.example","host_in_flight":64,"host_ceiling":64,"held_back":true,"untried":true,
        "squeezed":true}],"next_cursor":null})";

TEST_CASE("lane ls follows the pages, also an empty one, and passes its filters on") {
  FakeDaemon daemon;
  daemon.put("GET /v1/lanes?limit=1000&provider=p%20q&host=https%3A%2F%2Fa.example", 200,
             R"({"lanes":[],"next_cursor":"p||m0"})");
  daemon.put("GET /v1/lanes?limit=1000&provider=p%20q&host=https%3A%2F%2Fa.example&cursor=p%7C%7Cm0", 200, kFirst);
  daemon.put("GET /v1/lanes?limit=1000&provider=p%20q&host=https%3A%2F%2Fa.example&cursor=p%7C%7Cm1", 200, kSecond);
  const std::vector<std::string> asked{"lane", "ls", "--provider", "p q", "--host", "https://a.example"};
  const ProgramResult result = daemon.run(asked);
  CHECK(result.exit_code == 0);
  CHECK(has(result.out, "CLOSED UNTIL"));
  CHECK(has(result.out, "3 of 16"));
  CHECK(has(result.out, "2026-03-01 12:00:00.000"));
  CHECK(has(result.out, "https://b.example"));
  CHECK_FALSE(has(result.out, "\x1b"));
  std::vector<std::string> json = asked;
  json.push_back("--json");
  const std::string lines = daemon.run(json).out;
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 2);
}

TEST_CASE("lane show tells what keeps a merchant's lanes waiting") {
  FakeDaemon daemon;
  daemon.put("GET /v1/lanes?limit=1000&provider=p&merchant=m1", 200, kFirst);
  daemon.put("GET /v1/lanes?limit=1000&provider=p&merchant=m1&cursor=p%7C%7Cm1", 200, kSecond);
  const ProgramResult result = daemon.run({"lane", "show", "p", "m1"});
  CHECK(result.exit_code == 0);
  CHECK(has(result.out, "lane p/m1  https://a.example"));
  CHECK(has(result.out, "closed until    2026-03-01 12:00:00.000 UTC"));
  CHECK(has(result.out, "64 of 64 requests in flight to it"));
  CHECK(has(result.out, "rate            5 a second, 10 at once, used up until 2026-03-01 12:00:00.200"));
  CHECK_FALSE(has(result.out, "rate of host"));
  CHECK(has(result.out, "its merchant fails: one request at a time"));
  CHECK(has(result.out, "its merchant has not answered yet"));
  CHECK(has(result.out, "held back       sending to its host is suspended"));
  CHECK_FALSE(has(result.out, "\x1b"));
}

TEST_CASE("a merchant without a lane, and a refusal, exit 1 and say why") {
  FakeDaemon daemon;
  daemon.put("GET /v1/lanes?limit=1000&provider=p&merchant=m1", 200, R"({"lanes":[],"next_cursor":null})");
  const ProgramResult none = daemon.run({"lane", "show", "p", "m1"});
  CHECK(none.exit_code == 1);
  CHECK(has(none.err, "nothing is pending for it"));
  const ProgramResult refused = daemon.run({"lane", "ls"});
  CHECK(refused.exit_code == 1);
  CHECK(has(refused.err, "there is no such"));
}

}  // namespace
}  // namespace ackd
