#include "api/notification_codec.h"

#include <doctest/doctest.h>

#include "api/problem.h"

namespace ackd {
namespace {

using Json = nlohmann::ordered_json;

Result<IntakeRequest> read(const std::string& text) {
  const auto json = read_json(text);
  REQUIRE(json.ok());
  return read_notification(*json);
}

std::string refused_field(const std::string& text) {
  const auto request = read(text);
  return request.ok() ? "(accepted)" : request.error().field;
}

TEST_CASE("a notification is read with its fields in order and numbers as they were written") {
  const auto request = read(R"({"provider":"p","merchant":"m","fields":{"b":"2","a":12.30},"type":"t",
                            "url":"https://x/","key":"k","not_before":"2026-03-01T12:00:00+01:00","tags":{"x":1}})");
  REQUIRE(request.ok());
  CHECK(request->fields == Fields{{"b", "2"}, {"a", "12.30"}});
  CHECK(request->not_before == WallTime{1'772'362'800'000});
  CHECK(request->tags == Fields{{"x", "1"}});
}

TEST_CASE("a value that has no one spelling on the wire is refused by its name") {
  CHECK(refused_field(R"({"fields":{"ok":"1","paid":true}})") == "fields.paid");
  CHECK(refused_field(R"({"fields":{"a":null}})") == "fields.a");
  CHECK(refused_field(R"({"fields":{"a":{"b":1}}})") == "fields.a");
  CHECK(refused_field(R"({"fields":{"a":[1]}})") == "fields.a");
  CHECK(refused_field(R"({"fields":[]})") == "fields");
  CHECK(refused_field(R"({"tags":{"a":false}})") == "tags.a");
  CHECK(refused_field(R"({"provider":5})") == "provider");
  CHECK(refused_field(R"({"not_before":"tomorrow"})") == "not_before");
  CHECK(refused_field(R"({"feilds":{}})") == "feilds");
}

TEST_CASE("content over the limit is refused with the limit") {
  const auto request = read(R"({"body":")" + std::string(kContentBytesMax + 1, 'x') + "\"}");
  REQUIRE_FALSE(request.ok());
  CHECK(request.error().code == ErrorCode::kTooLarge);
  CHECK(request.error().message.find("262144") != std::string::npos);
}

NotificationRecord record_with_fields() {
  NotificationRecord record;
  record.notification.id = {5};
  record.notification.content = encode(Content{{{"card", "4111"}, {"amount", "12.30"}}, ""});
  record.next_at = {2'000'000};
  record.progress.attempts = 2;
  return record;
}

TEST_CASE("sensitive values are hidden, and all values when the profile is not known") {
  Profile profile;
  profile.fields.resize(2);
  profile.fields[0].name = "card";
  profile.fields[0].sensitive = true;
  profile.fields[1].name = "amount";
  RecordFacts facts;
  facts.profile = &profile;
  const auto shown = to_json(record_with_fields(), facts);
  CHECK(shown["fields"].dump() == R"({"card":"***","amount":"12.30"})");
  const auto unknown = to_json(record_with_fields(), RecordFacts{});
  CHECK(unknown["fields"].dump() == R"({"card":"***","amount":"***"})");
}

Json attempt_json(std::string excerpt, std::string content_type, Charset charset = Charset::kUtf8) {
  NotificationRecord record = record_with_fields();
  record.attempts.emplace_back();
  record.attempts.back().excerpt = std::move(excerpt);
  record.attempts.back().content_type = std::move(content_type);
  RecordFacts facts;
  facts.acknowledgement.emplace().charset = charset;
  return to_json(record, facts)["attempt_list"][0];
}

TEST_CASE("the kept part of an answer is text, with its own bytes beside it where the text is not simply these") {
  const Json plain = attempt_json("成功", "text/html; charset=utf-8");
  CHECK(plain["excerpt"] == "成功");
  CHECK(!plain.contains("excerpt_charset"));
  CHECK(!plain.contains("excerpt_base64"));
  CHECK(!attempt_json("OK", "text/html; charset=gbk").contains("excerpt_base64"));
  for (const Json& gbk : {attempt_json("\xB3\xC9\xB9\xA6", "text/html; charset=GB2312"),
                          attempt_json("\xB3\xC9\xB9\xA6", "text/html", Charset::kGbk)}) {
    CHECK(gbk["excerpt"] == "成功");
    CHECK(gbk["excerpt_charset"] == "gbk");
    CHECK(gbk["excerpt_base64"] == "s8m5pg==");
  }
  const Json broken = attempt_json("a\xFF", "");
  CHECK(broken["excerpt"] == "a\\xFF");
  CHECK(broken["excerpt_charset"] == "utf-8");
  CHECK(broken["excerpt_base64"] == "Yf8=");
}

TEST_CASE("an excerpt that was cut inside a character is still read as what it is") {
  std::string text;
  while (text.size() < kExcerptBytesMax) text += "功";
  const Json cut = attempt_json(text.substr(0, kExcerptBytesMax), "", Charset::kGbk);
  CHECK(cut["excerpt_charset"] == "utf-8");
  CHECK(cut["excerpt"].get<std::string>().starts_with("功功"));
  CHECK(cut["excerpt"].get<std::string>().ends_with("功\\xE5\\x8A"));
}

TEST_CASE("nothing in an answer can reach a terminal through the JSON") {
  const Json attempt = attempt_json("\x1b[31m\u009b2J\u202E\u200B\x7f\r\n", "text/\x1b]0;\xFF\u202E");
  const std::string body = respond(200, attempt).body;
  for (const char c : body.substr(0, body.size() - 1)) CHECK((c >= ' ' && c <= '~'));
  CHECK(Json::parse(body) == attempt);
  CHECK(attempt["content_type"] == "text/\x1b]0;\\xFF\u202E");
}

TEST_CASE("the next attempt is told with its number, its time and how long that is") {
  Profile profile;
  profile.schedule.delays = {Duration(1), Duration(1), Duration(1)};
  RecordFacts facts;
  facts.profile = &profile;
  facts.now = {2'000'000 - 552'000};
  CHECK(describe_next(record_with_fields(), facts) == "attempt 3 of 4 at 1970-01-01T00:33:20.000Z (in 9m 12s)");
  facts.now = {3'000'000};
  CHECK(describe_next(record_with_fields(), facts) == "attempt 3 of 4 was due at 1970-01-01T00:33:20.000Z");
  facts.in_flight = true;
  CHECK(describe_next(record_with_fields(), facts) == "attempt 3 of 4 is in flight");
  profile.schedule.delays.clear();
  CHECK(describe_next(record_with_fields(), facts) == "attempt 3 is in flight");
}

}  // namespace
}  // namespace ackd
