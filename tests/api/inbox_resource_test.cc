// /v1/inbox without an inbox, and with one that the test plays.
#include "api/inbox_resource.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "api_world.h"

namespace ackd::test {
namespace {

using Json = nlohmann::json;

class PlayedInbox final : public InboxControl {
 public:
  InboxStatus status() const override { return now; }
  void rewind(Ticket ticket, std::int64_t to) override {
    rewound_to = to;
    answers.push_back({ticket, outcome});
  }
  void end_error(Ticket ticket, const InboxErrorName& error) override {
    ended = error;
    answers.push_back({ticket, outcome});
  }
  std::vector<InboxControlAnswer> take_answers() override { return std::exchange(answers, {}); }

  InboxStatus now{InboxState::kReading, "/p.db", "abc", 40, 45, 2, ""};
  Status outcome = Done{};
  std::vector<InboxControlAnswer> answers;
  std::int64_t rewound_to = -1;
  InboxErrorName ended;
};

Json body_of(const ApiResponse& response) {
  return Json::parse(response.body);
}

}  // namespace

TEST_CASE("without an inbox it is off, has no errors, and cannot be steered") {
  ApiWorld world;
  CHECK(body_of(world.get("/v1/inbox")) == Json{{"state", "off"}});
  CHECK(body_of(world.get("/v1/stats"))["inbox"]["state"] == "off");
  CHECK(world.post("/v1/inbox/rewind", R"({"to":0})").status == 409);
  CHECK(world.ask({"DELETE", "/v1/inbox/errors/abc/1", {}, "", ""}).status == 409);
}

TEST_CASE("its state is shown, by itself and in the statistics") {
  PlayedInbox inbox;
  ApiWorld world({}, &inbox);
  Json shown = body_of(world.get("/v1/inbox"));
  CHECK(shown == Json{{"state", "reading"},
                      {"source", "/p.db"},
                      {"identity", "abc"},
                      {"mark", 40},
                      {"newest", 45},
                      {"behind", 5},
                      {"errors", 2},
                      {"trouble", nullptr}});
  CHECK(body_of(world.get("/v1/stats"))["inbox"] == shown);
  inbox.now = {InboxState::kTrouble, "/p.db", "", 0, 0, 0, "it is missing"};
  shown = body_of(world.get("/v1/inbox"));
  CHECK(shown["identity"].is_null());
  CHECK(shown["trouble"] == "it is missing");
  // A file that was set back has a newest row below the mark.
  inbox.now = {InboxState::kTrouble, "/p.db", "abc", 40, 3, 0, "set back"};
  CHECK(body_of(world.get("/v1/inbox"))["behind"] == 0);
}

TEST_CASE("a rewind names a row, and is answered after it is recorded") {
  PlayedInbox inbox;
  ApiWorld world({}, &inbox);
  CHECK(world.post("/v1/inbox/rewind", R"({"to":17})").status == 200);
  CHECK(inbox.rewound_to == 17);
  inbox.outcome = Error{ErrorCode::kConflict, "rows would be skipped", "to"};
  const ApiResponse refused = world.post("/v1/inbox/rewind", R"({"to":99})");
  CHECK(refused.status == 409);
  CHECK(body_of(refused)["detail"] == "rows would be skipped");
  inbox.rewound_to = -1;
  for (const char* body : {"", "{}", "17", R"({"to":"17"})", R"({"to":-1})", R"({"to":1.5})", R"({"to":1e3})",
                           R"({"to":1,"now":true})", R"({"to":99999999999999999999})"}) {
    CAPTURE(body);
    CHECK(world.post("/v1/inbox/rewind", body).status == 400);
  }
  CHECK(inbox.rewound_to == -1);
}

TEST_CASE("an error is named by its file and row") {
  PlayedInbox inbox;
  ApiWorld world({}, &inbox);
  CHECK(world.ask({"DELETE", "/v1/inbox/errors/abc/17", {}, "", ""}).status == 200);
  CHECK(inbox.ended == InboxErrorName{"abc", 17});
  inbox.outcome = Error{ErrorCode::kNotFound, "it is no error", {}};
  CHECK(world.ask({"DELETE", "/v1/inbox/errors/abc/18", {}, "", ""}).status == 404);
  CHECK(world.ask({"DELETE", "/v1/inbox/errors/abc/x", {}, "", ""}).status == 404);
  CHECK(world.get("/v1/inbox/errors/abc/18").status == 405);
}

TEST_CASE("errors are listed with what is known, and the cursor is the last one's name") {
  InboxErrorsPage page;
  page.errors.push_back({{"abc", 7},
                         {ApiWorld::kStartMs},
                         Error{ErrorCode::kNotFound, "there is no such merchant", "merchant"},
                         "{\"half\xff",
                         90'000});
  page.count = 3;
  page.more = true;
  const Json shown = body_of(respond_with_inbox_errors(page));
  CHECK(shown["count"] == 3);
  CHECK(shown["next_cursor"] == "abc/7");
  const Json& error = shown["errors"][0];
  CHECK(error["code"] == "not_found");
  CHECK(error["field"] == "merchant");
  CHECK(error["cut"] == true);
  CHECK(error["text_bytes"] == 90'000);
  CHECK(error["at"].get<std::string>().starts_with("2026-01-01T"));
  const Result<InboxErrorsQuery> next = read_inbox_errors_query({{"cursor", "abc/7"}, {"limit", "500"}});
  REQUIRE(next.ok());
  CHECK(next->after == InboxErrorName{"abc", 7});
  CHECK(next->limit == 500);
  for (const Fields& wrong :
       {Fields{{"limit", "0"}}, Fields{{"limit", "501"}}, Fields{{"cursor", "abc"}}, Fields{{"cursor", "abc/07"}},
        Fields{{"cursor", "/7"}}, Fields{{"lim", "1"}}, Fields{{"limit", "1"}, {"limit", "1"}}}) {
    CHECK_FALSE(read_inbox_errors_query(wrong).ok());
  }
}

}  // namespace ackd::test
