// The merchant verbs against a scripted daemon.
#include <doctest/doctest.h>

#include "ackctl/document.h"
#include "fake_daemon.h"

namespace ackd {
namespace {

constexpr const char* kUnverified =
    R"({"provider":"p","id":"m/1","url":"https://a.example/","state":"unverified","activation_required":true,
        "activated":null,"reason":"its URL has not acknowledged a probe","options":{"ack_trim":"true"},
        "source":"record","version":3,"changed_at":"2026-03-01T11:00:00.000Z","hosts":["a.example","b.example"],
        "contact":"Ann","keys":[{"id":"k2","parts":["secret"]},{"id":"k1","parts":["secret","private_key"]}],
        "shared_keys":["platform-2026"]})";
constexpr const char* kActive =
    R"({"provider":"p","id":"m/1","url":"https://a.example/","state":"active","activation_required":true,
        "activated":{"url":"https://a.example/","at":"2026-03-01T12:00:00.000Z"},
        "keys":[{"id":"k1","parts":["secret"]}],"options":{},
        "source":"configuration","version":0})";
constexpr const char* kPaused =
    R"({"provider":"p","id":"m/1","url":"","state":"paused","pause_reason":"moves",
        "paused_until":"2026-03-01T06:00:00.000Z","activation_required":false,
        "activated":null,"keys":[],"options":{},"source":"record","version":1,
        "changed_at":"2026-03-01T11:00:00.000Z"})";

std::string probe_record(const std::string& state, const std::string& answer, const std::string& reason) {
  return R"({"id":"77","probe":true,"provider":"p","merchant":"m/1","fields":{"order":"T1"},"state":")" + state +
         R"(","reason":")" + reason + R"(","attempt_list":[{"number":1,"outcome":"rejected","status":200,"excerpt":")" +
         answer + R"(","reason":"the body differs from 'OK' only by blanks"}]})";
}

FakeDaemon& with_probe(FakeDaemon& daemon, const std::string& record) {
  daemon.put("POST /v1/merchants/p/m%2F1/probe", 201, R"({"id":"77","state":"pending"})");
  daemon.put("GET /v1/notifications/77", 200, record);
  return daemon;
}

TEST_CASE("a probe that is acknowledged says that the merchant is active and exits 0") {
  FakeDaemon daemon;
  with_probe(daemon, probe_record("delivered", "OK", "")).put("GET /v1/merchants/p/m%2F1", 200, kActive);
  const ProgramResult result = daemon.run({"merchant", "probe", "p", "m/1"});
  CHECK(result.exit_code == 0);
  CHECK(has(result.out, "order=T1"));
  CHECK(has(result.out, "merchant p/m/1  active"));
  CHECK(has(result.out, "2026-03-01 12:00:00.000 UTC, https://a.example/"));
}

TEST_CASE("a probe that is refused shows the answer and why it is not the acknowledgement, and exits 1") {
  FakeDaemon daemon;
  with_probe(daemon, probe_record("exhausted", "OK ", "not acknowledged"))
      .put("GET /v1/merchants/p/m%2F1", 200, kUnverified);
  for (const char* verb : {"probe", "test-send"}) {
    const ProgramResult result = daemon.run({"merchant", verb, "p", "m/1"});
    CHECK(result.exit_code == 1);
    CHECK(has(result.out, "body 'OK '"));
    CHECK(has(result.out, "only by blanks"));
    CHECK(has(result.out, "held because"));
    CHECK(has(result.out, "'ackctl merchant probe p m/1' sends another one"));
  }
  const ProgramResult json = daemon.run({"merchant", "probe", "p", "m/1", "--json"});
  const auto document = parse_document(json.out, "the output");
  REQUIRE(document);
  CHECK_FALSE(flag_of(*document, "acknowledged"));
  CHECK(text_of(part_of(*document, "notification"), "id") == "77");
  CHECK(text_of(part_of(*document, "merchant"), "state") == "unverified");
}

TEST_CASE("waiting for a probe has an end, and need not begin") {
  FakeDaemon daemon;
  with_probe(daemon, probe_record("pending", "", "")).put("GET /v1/merchants/p/m%2F1", 200, kUnverified);
  const ProgramResult late = daemon.run({"merchant", "probe", "p", "m/1", "--timeout", "250ms"});
  CHECK(late.exit_code == 1);
  CHECK(has(late.err, "no outcome within 250ms; `ackctl show 77`"));
  const ProgramResult at_once = daemon.run({"merchant", "probe", "p", "m/1", "--no-wait"});
  CHECK(at_once.exit_code == 0);
  CHECK(at_once.out == "77\n");
  CHECK(daemon.run({"merchant", "probe", "p", "m/1", "--timeout", "soon"}).exit_code == 2);
  CHECK(daemon.run({"merchant", "probe", "p"}).exit_code == 2);
}

TEST_CASE("a refusal is shown with the daemon's own words") {
  FakeDaemon daemon;
  daemon.put("POST /v1/merchants/p/m%2F1/probe", 409, R"({"detail":"another probe of merchant p/m is under way: 76"})");
  const ProgramResult result = daemon.run({"merchant", "probe", "p", "m/1"});
  CHECK(result.exit_code == 1);
  CHECK(has(result.err, "under way: 76"));
}

TEST_CASE("merchants are listed over all pages and shown one by one") {
  FakeDaemon daemon;
  daemon.put("GET /v1/merchants?limit=1000", 200,
             std::string(R"({"merchants":[)") + kUnverified + R"(],"next_cursor":"p/m/1"})");
  daemon.put("GET /v1/merchants?limit=1000&cursor=p%2Fm%2F1", 200,
             std::string(R"({"merchants":[)") + kActive + R"(],"next_cursor":null})");
  daemon.put("GET /v1/merchants/p/m%2F1", 200, kUnverified);
  const ProgramResult list = daemon.run({"merchant", "ls"});
  CHECK(list.exit_code == 0);
  CHECK(has(list.out, "unverified"));
  CHECK(has(list.out, "2026-03-01 12:00:00"));
  const ProgramResult shown = daemon.run({"merchant", "show", "p", "m/1"});
  for (const char* part :
       {"ack_trim=true", "never", "a.example, b.example", "Ann", "platform-2026\n",
        "k2 (secret), k1 (secret, private key)", "record, version 3 of 2026-03-01 11:00:00.000 UTC"}) {
    CAPTURE(part);
    CHECK(has(shown.out, part));
  }
  CHECK(daemon.run({"merchant", "show", "p", "nobody"}).exit_code == 1);
}

TEST_CASE("a list can be narrowed by provider, state and source") {
  FakeDaemon daemon;
  const std::string filters = "&provider=p&state=active&source=configuration";
  daemon.put("GET /v1/merchants?limit=1000" + filters, 200, R"({"merchants":[],"next_cursor":"p/m"})");
  daemon.put("GET /v1/merchants?limit=1000" + filters + "&cursor=p%2Fm", 200,
             std::string(R"({"merchants":[)") + kActive + R"(],"next_cursor":null})");
  const ProgramResult list =
      daemon.run({"merchant", "ls", "--provider", "p", "--state", "active", "--source", "configuration"});
  CHECK(list.exit_code == 0);
  CHECK(has(list.out, "PROVIDER  MERCHANT  STATE   SOURCE         ACTIVATED            URL\n"));
  CHECK(daemon.run({"merchant", "ls", "--state", "asleep"}).exit_code == 2);
  CHECK(daemon.run({"merchant", "ls", "--source", "hearsay"}).exit_code == 2);
}

TEST_CASE("pause and resume say how the merchant stands then") {
  FakeDaemon daemon;
  daemon.put("POST /v1/merchants/p/m%2F1/pause", 200, kPaused);
  daemon.put("POST /v1/merchants/p/m%2F1/resume", 200, kActive);
  const ProgramResult paused = daemon.run({"merchant", "pause", "p", "m/1", "--reason", "moves"});
  CHECK(paused.exit_code == 0);
  CHECK(daemon.last_body() == R"({"reason":"moves"})");
  CHECK(has(paused.out, "merchant p/m/1  paused\n"));
  CHECK(has(paused.out, "paused because  moves\n"));
  CHECK(has(paused.out, "paused until    2026-03-01 06:00:00.000 UTC\n"));
  CHECK(daemon.run({"merchant", "pause", "p", "m/1", "--for", "2h"}).exit_code == 0);
  CHECK(daemon.run({"merchant", "pause", "p", "m/1", "--for", "2h", "--until", "2026-03-01T06:00:00Z"}).exit_code == 2);
  CHECK(has(paused.out, "none; each notification brings its own"));
  CHECK(daemon.run({"merchant", "pause", "p", "m/1"}).exit_code == 0);
  CHECK(daemon.last_body().empty());
  const ProgramResult resumed = daemon.run({"merchant", "resume", "p", "m/1", "--json"});
  CHECK(resumed.exit_code == 0);
  CHECK(has(resumed.out, R"("state":"active")"));
  CHECK(daemon.last_body().empty());
  CHECK(daemon.run({"merchant", "pause", "p", "nobody"}).exit_code == 1);
  CHECK(run_ackctl({"merchant", "resume", "p", "m"}).exit_code == 3);
}

}  // namespace
}  // namespace ackd
