#include "policy/acknowledgement.h"

#include <doctest/doctest.h>

#include <string>

namespace ackd {
namespace {

AckRule rule_of(AckMatch match, std::string text) {
  AckRule rule;
  rule.match = match;
  rule.text = std::move(text);
  return rule;
}

AckRule payindex() {
  return rule_of(AckMatch::kExact, "OK");
}

AckRule dhpay() {
  AckRule rule = rule_of(AckMatch::kTrimmed, "success");
  rule.refusals = {"fail"};
  return rule;
}

AckRule ipaynow() {
  AckRule rule = rule_of(AckMatch::kTrimmed, "success=Y");
  rule.statuses = {200};
  rule.refusals = {"success=N"};
  return rule;
}

bool accepts(const AckRule& rule, std::string_view body, int status = 200) {
  return judge_answer(rule, status, body).acknowledged;
}

std::string reason(const AckRule& rule, std::string_view body, int status = 200) {
  const AckVerdict verdict = judge_answer(rule, status, body);
  CHECK_FALSE(verdict.acknowledged);
  return verdict.reason;
}

bool names(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("an exact OK accepts those two bytes alone") {
  CHECK(accepts(payindex(), "OK"));
  CHECK(accepts(payindex(), "OK", 201));
  for (const char* body : {"ok", "Ok", "NOTOK", "<html>OK", "OK\n", " OK", "OKOK", "O", "", "\"OK\""}) {
    CHECK_FALSE_MESSAGE(accepts(payindex(), body), body);
  }
  CHECK_FALSE(accepts(payindex(), std::string_view("OK\0", 3)));
}

TEST_CASE("a trimmed success accepts blanks around it and nothing else") {
  for (const char* body : {"success", "success\n", "\r\n success\t\r\n"}) CHECK_MESSAGE(accepts(dhpay(), body), body);
  for (const char* body : {"SUCCESS", "fail", "unsuccessful", "success!", "suc cess", "\xEF\xBB\xBFsuccess", "\n"}) {
    CHECK_FALSE_MESSAGE(accepts(dhpay(), body), body);
  }
}

TEST_CASE("success=Y is accepted with status 200 only") {
  CHECK(accepts(ipaynow(), "success=Y"));
  CHECK(accepts(ipaynow(), "success=Y\n"));
  CHECK_FALSE(accepts(ipaynow(), "success=Y", 201));
  for (const char* body : {"success=N", "{'success':'Y'}", "SUCCESS=Y", "success=YES"}) {
    CHECK_FALSE_MESSAGE(accepts(ipaynow(), body), body);
  }
}

TEST_CASE("other rules of the table: any case, contains, status only") {
  AckRule any_case = rule_of(AckMatch::kTrimmed, "ok");
  any_case.any_case = true;
  CHECK(accepts(any_case, " Ok\n"));
  CHECK_FALSE(accepts(any_case, "okay"));

  AckRule contains = rule_of(AckMatch::kContains, "ok");
  CHECK(accepts(contains, "<p>ok</p>"));
  CHECK_FALSE(accepts(contains, "<p>OK</p>"));
  contains.any_case = true;
  CHECK(accepts(contains, "<p>OK</p>"));

  AckRule status = rule_of(AckMatch::kStatusOnly, "");
  CHECK(accepts(status, "anything", 204));
  CHECK_FALSE(accepts(status, "success", 302));
  status.statuses = {200, 302};
  CHECK(accepts(status, "", 302));
  CHECK_FALSE(accepts(status, "", 204));
}

TEST_CASE("without listed statuses exactly 200 to 299 are accepted") {
  for (int status = 100; status < 600; ++status) CHECK(accepts(payindex(), "OK", status) == (status / 100 == 2));
}

TEST_CASE("near misses are named") {
  struct Row {
    const char* body;
    const char* named;
  };
  const Row rows[] = {
      {"ok", "wrong case"},
      {"\xEF\xBB\xBFOK", "a byte order mark before the text"},
      {"OK\n", "a newline behind the text"},
      {"OK\r\n", "a newline behind the text"},
      {"OK  ", "blanks behind the text"},
      {"\tOK", "blanks before the text"},
      {"\"OK\"", "quotes around the text"},
      {"'OK'", "quotes around the text"},
      {"<html><body>OK</body></html>", "HTML around the text"},
      {"<p>ok</p>\n", "HTML around the text"},
      {"<!DOCTYPE html><title>Pay</title>OK then", "an HTML page around the text"},
      {"<!DOCTYPE html><title>Login</title>", "the body is an HTML page"},
      {"{\"code\":\"OK\"}", "JSON around the text"},
      {"[\"OK\"]", "JSON around the text"},
      {"OK, thank you", "more behind the text"},
      {"NOTOK", "the text is only a part of the body"},
      {"", "the body is empty"},
      {" \n", "only blanks"},
      {"error 7", "the body is 'error 7'; expected exactly 'OK'"},
  };
  for (const Row& row : rows)
    CHECK_MESSAGE(names(reason(payindex(), row.body), row.named), reason(payindex(), row.body));
}

TEST_CASE("several faults at once are all named, in the order they were peeled off") {
  CHECK(
      reason(payindex(), "\xEF\xBB\xBF\"ok\"\r\n") ==
      "the body is '\\xEF\\xBB\\xBF\"ok\"\\r\\n': a byte order mark before the text, a newline behind the text, quotes "
      "around the text, wrong case; expected exactly 'OK'");
}

TEST_CASE("what the rule allows is not named as a fault") {
  const std::string text = reason(dhpay(), "SUCCESS\n");
  CHECK(names(text, "wrong case"));
  CHECK_FALSE(names(text, "newline"));
}

TEST_CASE("HTML around success is named for a trimmed rule too") {
  CHECK(names(reason(dhpay(), "<html>\n<body>success</body></html>"), "HTML around the text"));
}

TEST_CASE("a known refusal is called one") {
  CHECK(names(reason(dhpay(), "fail"), "the receiver refused"));
  CHECK(names(reason(dhpay(), "FAIL\n"), "the receiver refused"));
  CHECK(names(reason(ipaynow(), "success=N"), "the receiver refused"));
  CHECK(names(reason(dhpay(), "fail", 500), "the receiver refused"));
}

TEST_CASE("a wrong status is named with what was expected, and whether the body was right") {
  CHECK(reason(payindex(), "OK", 500) ==
        "status 500; expected 200 to 299; the body alone would be the acknowledgement");
  CHECK(reason(ipaynow(), "success=Y", 202) == "status 202; expected 200; the body alone would be the acknowledgement");
  CHECK(reason(payindex(), "", 404) == "status 404; expected 200 to 299");
  CHECK(names(reason(payindex(), "moved", 302), "a redirect, which is never followed"));
  CHECK(reason(rule_of(AckMatch::kStatusOnly, ""), "ignored", 503) == "status 503; expected 200 to 299");
}

TEST_CASE("reasons stay short and printable whatever the receiver answers") {
  const std::string hostile = std::string(60'000, '\x1b') + std::string("<") + std::string(5'000, '\0');
  const std::string text = reason(payindex(), hostile);
  CHECK(text.size() < 500);
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("which rules need the body, and which may look inside a cut one") {
  for (const AckMatch match : {AckMatch::kStatusOnly, AckMatch::kExact, AckMatch::kTrimmed, AckMatch::kContains}) {
    CHECK(decided_by_status(rule_of(match, "x")) == (match == AckMatch::kStatusOnly));
    CHECK(may_match_inside_cap(rule_of(match, "x")) == (match == AckMatch::kContains));
  }
}

TEST_CASE("a rule describes itself for people") {
  CHECK(describe(payindex()) == "body is exactly 'OK' with a status from 200 to 299");
  CHECK(describe(ipaynow()) == "body is 'success=Y', blanks around it allowed, with status 200");
  AckRule rule = rule_of(AckMatch::kContains, "ok");
  rule.any_case = true;
  CHECK(describe(rule) == "body contains 'ok' in any case with a status from 200 to 299");
  CHECK(describe(rule_of(AckMatch::kStatusOnly, "")) == "a status from 200 to 299, whatever the body");
}

}  // namespace
}  // namespace ackd
