#include "api/job_resource.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "api_world.h"

namespace ackd::test {
namespace {

using Json = nlohmann::json;

Json body_of(const ApiResponse& response) {
  return Json::parse(response.body);
}

// So many pending notifications, and the ids of the oldest and the newest.
std::pair<std::string, std::string> admit(ApiWorld& world, int count) {
  std::string batch;
  for (int i = 0; i < count; ++i) batch += (i == 0 ? "[" : ",") + dhpay_notification("o" + std::to_string(i));
  const Json results = body_of(world.post("/v1/notifications", batch + "]"))["results"];
  return {results.front()["id"], results.back()["id"]};
}

// Turns until the job has ended, and shows it.
Json finished(ApiWorld& world, const Json& job) {
  const std::string path = "/v1/jobs/" + job["id"].get<std::string>();
  for (int turns = 0; turns < ApiWorld::kTurnsMax; ++turns) {
    Json now = body_of(world.get(path));
    if (now["state"] != "running") return now;
  }
  FAIL("the job does not end");
  return {};
}

TEST_CASE("a job changes everything that its filter names, and nothing that was admitted later") {
  ApiWorld world;
  admit(world, 600);
  const ApiResponse started =
      world.post("/v1/jobs", R"({"verb":"cancel","filter":{"state":"pending","merchant":"499800"},"reason":"closed"})");
  CHECK(started.status == 201);
  const Json job = body_of(started);
  CHECK(job["id"] == "1");
  CHECK(job["state"] == "running");
  CHECK(job["filter"] == Json{{"state", "pending"}, {"merchant", "499800"}});
  CHECK(job["reason"] == "closed");
  CHECK(job["matched"] == 0);
  CHECK(job["created_at"].get<std::string>().starts_with("2026-01-01T00:00:00"));
  const Json later = body_of(world.post("/v1/notifications", dhpay_notification("late")));
  const Json done = finished(world, job);
  CHECK(done["state"] == "done");
  CHECK(done["matched"] == 600);
  CHECK(done["applied"] == 600);
  CHECK(done["refused"] == 0);
  std::size_t cancelled = 0;
  for (const auto& [id, record] : world.outbox.records) {
    if (record.state != State::kCancelled) continue;
    ++cancelled;
    CHECK(record.reason == "closed");
  }
  CHECK(cancelled == 600);
  CHECK(body_of(world.get("/v1/notifications/" + later["id"].get<std::string>()))["state"] == "pending");
}

TEST_CASE("a dry run counts and changes nothing") {
  ApiWorld world;
  admit(world, 30);
  const Json job = body_of(world.post("/v1/jobs", R"({"verb":"cancel","all":true,"dry_run":true})"));
  CHECK(job["dry_run"] == true);
  CHECK(job["filter"] == Json::object());
  const Json done = finished(world, job);
  CHECK(done["matched"] == 30);
  CHECK(done["applied"] == 0);
  for (const auto& [id, record] : world.outbox.records) CHECK(record.state == State::kPending);
}

TEST_CASE("a resend by job makes one copy of each") {
  ApiWorld world;
  admit(world, 300);
  for (auto& [id, record] : world.outbox.records) record.state = State::kDelivered;
  finished(world, body_of(world.post("/v1/jobs", R"({"verb":"resend","filter":{"state":"delivered"}})")));
  std::map<NotificationId, int> copies;
  for (const auto& [id, record] : world.outbox.records) {
    if (record.notification.replay_of) ++copies[*record.notification.replay_of];
  }
  CHECK(copies.size() == 300);
  for (const auto& [id, count] : copies) CHECK(count == 1);
}

TEST_CASE("what a job cannot mean is refused with a sentence") {
  ApiWorld world;
  const auto refusal = [&](const std::string& body) {
    const ApiResponse response = world.post("/v1/jobs", body);
    CAPTURE(body);
    CHECK(response.status == 400);
    return body_of(response)["detail"].get<std::string>();
  };
  CHECK(refusal("{") != "");
  CHECK(refusal("[]") != "");
  CHECK(refusal("{}").find("retry, cancel, hold, release or resend") != std::string::npos);
  CHECK(refusal(R"({"verb":"explode","all":true})") != "");
  CHECK(refusal(R"({"verb":"cancel"})").find("\"all\": true") != std::string::npos);
  CHECK(refusal(R"({"verb":"cancel","filter":{}})").find("\"all\": true") != std::string::npos);
  CHECK(refusal(R"({"verb":"cancel","filter":{"merchant":""}})").find("merchant is empty") != std::string::npos);
  CHECK(refusal(R"({"verb":"cancel","filter":{"provider":"dhpay","merchant":""}})").find("merchant is empty") !=
        std::string::npos);
  CHECK(refusal(R"({"verb":"cancel","filter":{"merhcant":"m"}})").find("merchant") != std::string::npos);
  CHECK(refusal(R"({"verb":"cancel","filter":{"limit":"5","merchant":"m"}})").find("no limit") != std::string::npos);
  CHECK(refusal(R"({"verb":"cancel","filter":{"cursor":"5","merchant":"m"}})").find("no cursor") != std::string::npos);
  CHECK(refusal(R"({"verb":"cancel","filter":{"merchant":7}})").find("filter.merchant") != std::string::npos);
  CHECK(refusal(R"({"verb":"cancel","filter":{"merchant":["a","b"]}})") != "");
  CHECK(refusal(R"({"verb":"cancel","filter":{"state":"delivered"}})") == "cancel changes nothing that is delivered");
  CHECK(refusal(R"({"verb":"resend","filter":{"state":"pending"}})") == "resend changes nothing that is pending");
  CHECK(refusal(R"({"verb":"cancel","filter":"all"})") != "");
  CHECK(refusal(R"({"verb":"cancel","all":"yes"})") != "");
  CHECK(refusal(R"({"verb":"cancel","all":true,"reason":7})") != "");
  CHECK(refusal(R"({"verb":"cancel","all":true,"dryrun":true})").find("dry_run") != std::string::npos);
  CHECK(world.outbox.jobs.empty());
}

TEST_CASE("jobs are listed, shown and stopped") {
  ApiWorld world;
  world.job_queries.has_room = false;  // so that it does not come to its end
  const std::string body = R"({"verb":"hold","filter":{"tag":["a=1","b=x=y"],"host":"Shop.Example:8443"}})";
  CHECK(world.post("/v1/jobs", body).status == 201);
  const Json shown = body_of(world.get("/v1/jobs/1"));
  CHECK(shown["filter"] == Json{{"host", "shop.example:8443"}, {"tag", {"a=1", "b=x=y"}}});
  const Json listed = body_of(world.get("/v1/jobs", {{"limit", "3"}, {"cursor", "9"}}));
  CHECK(listed["jobs"].size() == 1);
  CHECK(listed["next_cursor"] == "5");
  REQUIRE(world.queries.last_jobs);
  CHECK(world.queries.last_jobs->limit == 3);
  CHECK(world.queries.last_jobs->before == JobId{9});
  CHECK(world.post("/v1/jobs/1/stop", "").status == 200);
  CHECK(body_of(world.get("/v1/jobs/1"))["state"] == "stopped");
  CHECK(world.post("/v1/jobs/1/stop", "").status == 409);
  CHECK(world.post("/v1/jobs/2/stop", "").status == 404);
  CHECK(world.post("/v1/jobs/x/stop", "").status == 404);
  CHECK(world.get("/v1/jobs/2").status == 404);
  CHECK(world.get("/v1/jobs/-1").status == 404);
  for (const Fields& query : std::vector<Fields>{{{"limit", "0"}}, {{"cursor", "x"}}, {{"state", "done"}}}) {
    CHECK(world.get("/v1/jobs", query).status == 400);
  }
}

TEST_CASE("only so many jobs run at once, and none is started while draining or on a low disk") {
  ApiWorld world;
  world.job_queries.has_room = false;
  const std::string body = R"({"verb":"hold","all":true})";
  for (int i = 0; i < 8; ++i) CHECK(world.post("/v1/jobs", body).status == 201);
  const ApiResponse ninth = world.post("/v1/jobs", body);
  CHECK(ninth.status == 429);
  CHECK(body_of(ninth)["detail"].get<std::string>().find("8 jobs are running") != std::string::npos);
  CHECK(world.post("/v1/jobs/1/stop", "").status == 200);
  CHECK(world.post("/v1/jobs", body).status == 201);
  CHECK(world.post("/v1/jobs/2/stop", "").status == 200);
  world.outbox.band = DiskBand::kLow;
  CHECK(world.post("/v1/jobs", body).status == 503);
  world.outbox.band = DiskBand::kPlenty;
  world.engine.begin_drain();
  CHECK(world.post("/v1/jobs", body).status == 503);
}

TEST_CASE("a job that could not be written is refused, and can be asked for again") {
  ApiWorld world;
  world.outbox.refuse = true;
  CHECK(world.post("/v1/jobs", R"({"verb":"hold","all":true})").status == 503);
  world.outbox.refuse = false;
  CHECK(world.outbox.jobs.empty());
  for (int turns = 0; turns < 400; ++turns) world.turn();
  CHECK(world.post("/v1/jobs", R"({"verb":"hold","all":true})").status == 201);
}

TEST_CASE("resend is refused with what to do while it has not ended") {
  ApiWorld world;
  const auto [first, last] = admit(world, 1);
  const ApiResponse early = world.post("/v1/notifications/" + first + "/resend", "");
  CHECK(early.status == 409);
  CHECK(body_of(early)["detail"].get<std::string>().find("retry sends it now") != std::string::npos);
  world.outbox.records.begin()->second.state = State::kCancelled;
  const ApiResponse retry = world.post("/v1/notifications/" + first + "/retry", "");
  CHECK(body_of(retry)["detail"].get<std::string>().find("resend sends a copy") != std::string::npos);
  const Json sent = body_of(world.post("/v1/notifications/" + first + "/resend", R"({"reason":"asked"})"));
  CHECK(sent["result"] == "applied");
  CHECK(sent["replay_id"] != first);
}

}  // namespace
}  // namespace ackd::test
