#include "events/spdlog_events.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace ackd {
namespace {

struct Lines {
  explicit Lines(LogFormat format, LogLevel level = LogLevel::kDebug)
      : log({level, format}, [this](std::string_view line) { all.emplace_back(line); }) {}
  std::vector<std::string> all;
  SpdlogLog log;
};

AttemptSettled settled(State state) {
  AttemptSettled event;
  event.id = {4711};
  event.lane = {"dhpay", "m1", ""};
  event.subject = "order 42";
  event.attempt = 2;
  event.outcome = OutcomeClass::kRejected;
  event.status = 200;
  event.reason = "the body is 'ok'\x1b[2J\r\nevil=1";
  event.state = state;
  event.next_at = {1'767'225'600'000};
  event.took = Duration(12);
  return event;
}

TEST_CASE("a text line holds time, level, event and fields, and stays one line whatever a receiver wrote") {
  Lines lines(LogFormat::kText);
  SpdlogEvents(lines.log).on(settled(State::kPending));
  REQUIRE(lines.all.size() == 1);
  const std::string& line = lines.all[0];
  CHECK(line.find("Z info attempt_failed id=4711 provider=dhpay merchant=m1 subject=\"order 42\" attempt=2 status=200 "
                  "took_ms=12 message=\"rejected: ") != std::string::npos);
  CHECK(line.find("next attempt at 2026-01-01T00:00:00.000Z") != std::string::npos);
  CHECK(line.find("\\x1b[2J\\x0d\\x0aevil") != std::string::npos);
  CHECK(line.find('\x1b') == std::string::npos);
  CHECK(line.find('\n') == std::string::npos);
}

TEST_CASE("a job says when it starts, goes on and ends, with its counts") {
  Lines lines(LogFormat::kText);
  Job job;
  job.id = {7};
  job.reason = "closed";
  job.matched = 10;
  job.applied = 9;
  job.refused = 1;
  job.state = JobState::kDone;
  SpdlogEvents events(lines.log);
  events.on(JobStarted{job, false});
  events.on(JobStarted{job, true});
  events.on(JobEnded{job});
  job.state = JobState::kStopped;
  events.on(JobEnded{job});
  REQUIRE(lines.all.size() == 4);
  CHECK(lines.all[0].find("info job_started job=7 verb=cancel reason=closed") != std::string::npos);
  CHECK(lines.all[0].find("ackctl job stop 7") != std::string::npos);
  CHECK(lines.all[1].find("info job_resumed job=7") != std::string::npos);
  CHECK(lines.all[2].find("info job_done job=7 verb=cancel looked_at=0 matched=10 applied=9 refused=1") !=
        std::string::npos);
  CHECK(lines.all[3].find("info job_stopped") != std::string::npos);
}

TEST_CASE("a JSON line is one ASCII object with numbers as numbers") {
  Lines lines(LogFormat::kJson);
  AttemptSettled event = settled(State::kExhausted);
  event.subject = "caf\xc3\xa9\xff%v\"}";
  SpdlogEvents(lines.log).on(event);
  REQUIRE(lines.all.size() == 1);
  const auto json = nlohmann::json::parse(lines.all[0]);
  CHECK(json["level"] == "warning");
  CHECK(json["event"] == "exhausted");
  CHECK(json["attempt"] == 2);
  CHECK(json["subject"] == "caf\xc3\xa9\xef\xbf\xbd%v\"}");
  CHECK(json["message"].get<std::string>().find("ackctl retry 4711") != std::string::npos);
  for (const char c : lines.all[0]) CHECK(static_cast<unsigned char>(c) < 0x80);
}

TEST_CASE("the level follows what an operator must do") {
  Lines lines(LogFormat::kText, LogLevel::kWarning);
  SpdlogEvents events(lines.log);
  events.on(settled(State::kDelivered));
  events.on(settled(State::kPending));
  events.on(DrainStarted{3});
  CHECK(lines.all.empty());
  events.on(settled(State::kExhausted));
  events.on(AttemptNotSent{{1}, {}, TransferEnd::kNoRoute, "no route", Duration(1'000), false});
  events.on(PossiblySentFound{2});
  events.on(StorageTrouble{"the disk is full", false});
  CHECK(lines.all.size() == 4);
}

TEST_CASE("an outage is an error that says what to check, its end says how long it was and why it is over") {
  Lines lines(LogFormat::kText);
  SpdlogEvents events(lines.log);
  events.on(SendingSuspended{12, 2, {"https://a.example:443", "https://b.example:443"}});
  events.on(MoreNotSent{990, "no route"});
  events.on(SendingResumed{OutageChange::kAnswering, Duration(90'000), 1'234});
  REQUIRE(lines.all.size() == 3);
  CHECK(lines.all[0].find("error sending_suspended hosts_failing=12 hosts_reached=2") != std::string::npos);
  CHECK(lines.all[0].find("https://a.example:443, https://b.example:443 among them") != std::string::npos);
  CHECK(lines.all[0].find("Check this machine's network, resolver, proxy and firewall") != std::string::npos);
  CHECK(lines.all[1].find("warning more_not_sent count=990") != std::string::npos);
  CHECK(lines.all[1].find("the last of them: no route") != std::string::npos);
  CHECK(lines.all[2].find("info sending_resumed lasted=\"1m 30s\" not_sent=1234") != std::string::npos);
  CHECK(lines.all[2].find("as many hosts answer again as still fail") != std::string::npos);
  for (const OutageChange why : {OutageChange::kOthersAnswer, OutageChange::kQuiet}) {
    events.on(SendingResumed{why, Duration(0), 0});
    CHECK(lines.all.back().find("message=\"; ") == std::string::npos);
  }
}

TEST_CASE("every event makes exactly one line") {
  Lines lines(LogFormat::kText);
  SpdlogEvents events(lines.log);
  const std::vector<Event> all{settled(State::kHeld),
                               AttemptNotSent{},
                               MoreNotSent{},
                               SendingSuspended{},
                               SendingResumed{},
                               NotificationQuarantined{{1}, 3},
                               MerchantActivated{},
                               ProbeFailed{},
                               MerchantChanged{},
                               MerchantsImported{},
                               SharedKeysChanged{},
                               KeysResealed{},
                               ResealingStopped{},
                               PossiblySentFound{},
                               StorageTrouble{"x", true},
                               StorageFailed{"x"},
                               MemoryShort{},
                               ClockStepped{},
                               ClockBehindRecord{},
                               InboxTrouble{"x", "x", true},
                               InboxReplaced{},
                               DrainStarted{},
                               JobStarted{},
                               JobEnded{}};
  REQUIRE(all.size() == std::variant_size_v<Event>);
  for (const Event& event : all) events.on(event);
  CHECK(lines.all.size() == all.size());
}

TEST_CASE("values are escaped so that nothing drives a terminal or hides text") {
  CHECK(escape_for_log("plain") == "plain");
  CHECK(escape_for_log("") == "\"\"");
  CHECK(escape_for_log("a=b") == "\"a=b\"");
  CHECK(escape_for_log("say \"hi\"\\") == R"("say \"hi\"\\")");
  CHECK(escape_for_log("caf\xc3\xa9") == "caf\xc3\xa9");
  CHECK(escape_for_log("\xc2\x9b"
                       "2J") == "\"\\xc2\\x9b2J\"");               // C1
  CHECK(escape_for_log("\xe2\x80\xae") == "\"\\xe2\\x80\\xae\"");  // right-to-left override
  CHECK(escape_for_log("\xff\xfe") == "\"\\xff\\xfe\"");           // not UTF-8
  CHECK(escape_for_log("\xe4\xb8") == "\"\\xe4\\xb8\"");           // cut off
  CHECK(escape_for_log(std::string("\0", 1)) == "\"\\x00\"");
}

TEST_CASE("an activation and a failed probe are told, the failure with what to do") {
  Lines lines(LogFormat::kText);
  SpdlogEvents events(lines.log);
  events.on(MerchantActivated{{7}, {"hexi", "10086"}, "https://a.example/n"});
  CHECK(lines.all.at(0).find("info merchant_activated provider=hexi merchant=10086") != std::string::npos);
  events.on(ProbeFailed{{8}, {"hexi", "10086"}, "the body is 'NO'"});
  CHECK(lines.all.at(1).find("warning probe_failed") != std::string::npos);
  CHECK(lines.all.at(1).find("`ackctl merchant probe hexi 10086`") != std::string::npos);
  AttemptSettled probe = settled(State::kExhausted);
  probe.probe = true;
  events.on(probe);
  CHECK(lines.all.at(2).find("a probe is sent once") != std::string::npos);
  CHECK(lines.all.at(2).find("ackctl retry") == std::string::npos);
}

}  // namespace
}  // namespace ackd
