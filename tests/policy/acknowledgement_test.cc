#include "policy/acknowledgement.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "text/characters.h"

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

void check_harmless(std::string_view text) {
  while (!text.empty()) {
    const Character character = first_character(text);
    REQUIRE(character.bytes > 0);
    REQUIRE_FALSE(is_control(character.code));
    REQUIRE_FALSE(is_hidden(character.code));
    text.remove_prefix(character.bytes);
  }
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

TEST_CASE("a reason quotes the answer in the words of its author, whatever its charset") {
  const std::string gbk = "\xCA\xA7\xB0\xDC";  // 失败
  AckRule rule = payindex();
  CHECK(reason(rule, gbk) == "the body is '\xCA\xA7\\xB0\\xDC'; expected exactly 'OK'");
  CHECK(judge_answer(rule, 200, gbk, "text/html; charset=GBK").reason ==
        "the body is '失败' in gbk; expected exactly 'OK'");
  CHECK(judge_answer(rule, 500, gbk, "text/html; charset=GBK").reason ==
        "status 500; expected 200 to 299; the body is '失败' in gbk");
  rule.charset = Charset::kGbk;
  CHECK(reason(rule, gbk + "\xA3\xA1") == "the body is '失败！' in gbk; expected exactly 'OK'");
  CHECK(reason(rule, "失败") == "the body is '失败'; expected exactly 'OK'");
  CHECK(reason(rule, std::string_view("\xFF\xFEO\0K\0", 6)) == "the body is 'OK' in utf-16le; expected exactly 'OK'");
  rule = rule_of(AckMatch::kContains, "\xB3\xC9\xB9\xA6");
  CHECK(judge_answer(rule, 200, "\xB3\xC9\xB9\xA6!", "x; charset=gbk").reason ==
        "status 200 and the body '成功!' in gbk");
  // What XML and JSON say was converted when they were parsed.
  rule = rule_of(AckMatch::kXmlElement, "OK");
  rule.place = "code";
  CHECK(names(judge_answer(rule, 200, "<?xml version='1.0' encoding='gbk'?><x><code>" + gbk + "</code></x>",
                           "text/xml; charset=gbk")
                  .reason,
              "the XML's code is '失败'; expected 'OK'"));
  rule.match = AckMatch::kFirstElement;
  CHECK(names(judge_answer(rule, 200, "<code>" + gbk + "</code>", "text/xml; charset=gbk").reason,
              "the first <code> is '失败' in gbk"));
}

TEST_CASE("a reason is one harmless line, whatever the answer holds") {
  const std::string hostile =
      "\x1b[31m\xC2\x9B"
      "2J\r\nforged: line\xE2\x80\xAE\xE2\x80\x8B\xC2\xAD\xF3\xA0\x81\x81\x7f\xFF";
  for (const char* type : {"", "text/html; charset=gbk", "text/html; charset=iso-8859-1", "x; charset=utf-16"}) {
    for (const AckMatch match : {AckMatch::kExact, AckMatch::kTrimmed, AckMatch::kContains, AckMatch::kXmlElement,
                                 AckMatch::kJsonValue, AckMatch::kFirstElement}) {
      AckRule rule = rule_of(match, "OK");
      rule.place = match == AckMatch::kJsonValue ? "/code" : "code";
      for (const std::string& body : {hostile, "<code>" + hostile + "</code>", R"({"code":")" + hostile + "\"}"}) {
        const std::string words = judge_answer(rule, 200, body, type).reason;
        CHECK(is_valid_utf8(words));
        check_harmless(words);
      }
    }
  }
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

AckRule rule_at(AckMatch match, std::string place, std::string text) {
  AckRule rule = rule_of(match, std::move(text));
  rule.place = std::move(place);
  return rule;
}

AckRule wechat() {
  return rule_at(AckMatch::kXmlElement, "return_code", "SUCCESS");
}

AckRule bill99() {
  return rule_at(AckMatch::kFirstElement, "result", "1");
}

TEST_CASE("an XML element is accepted as CDATA or text, with its text alone") {
  for (const char* body :
       {"<xml><return_code><![CDATA[SUCCESS]]></return_code></xml>", "<xml><return_code>SUCCESS</return_code></xml>",
        "<xml>\n  <return_code><![CDATA[SUCCESS]]></return_code>\n  <return_msg><![CDATA[OK]]></return_msg>\n</xml>\n",
        "<?xml version=\"1.0\"?><xml><return_msg/><return_code> SUCCESS\n</return_code></xml>"}) {
    CHECK_MESSAGE(accepts(wechat(), body), body);
  }
  for (const char* body : {"success", "SUCCESS", "", "<xml><return_code>FAIL</return_code></xml>",
                           "<xml><return_code>success</return_code></xml>", "<xml><return_code>SUCCESS</return_code>",
                           "<xml><return_code>SUCCESSFUL</return_code></xml>", "<return_code>SUCCESS</return_code>",
                           "<xml><a><return_code>SUCCESS</return_code></a></xml>",
                           "<xml><return_code>SUCCESS</return_code><return_code>FAIL</return_code></xml>",
                           "<xml><return_code>SUCCESS&#0;</return_code></xml>",
                           "<!DOCTYPE x [<!ENTITY s \"SUCCESS\">]><xml><return_code>&s;</return_code></xml>"}) {
    CHECK_FALSE_MESSAGE(accepts(wechat(), body), body);
  }
  AckRule any_case = wechat();
  any_case.any_case = true;
  CHECK(accepts(any_case, "<xml><return_code>success</return_code></xml>"));
}

TEST_CASE("a JSON value is accepted as a text, a number or a boolean") {
  const AckRule rule = rule_at(AckMatch::kJsonValue, "/code", "200");
  CHECK(accepts(rule, "{\"code\":200}"));
  CHECK(accepts(rule, " {\"msg\":null, \"code\" : \"200\"}\n"));
  for (const char* body : {"200", "", "{\"code\":200.0}", "{\"code\":\"200 \"}", "{\"Code\":200}", "{\"code\":[200]}",
                           "{\"code\":200", "[{\"code\":200}]", "{\"code\":500,\"code\":200}"}) {
    CHECK_FALSE_MESSAGE(accepts(rule, body), body);
  }
  CHECK(accepts(rule_at(AckMatch::kJsonValue, "/data/0/ok", "true"), "{\"data\":[{\"ok\":true}]}"));
  CHECK(accepts(rule_at(AckMatch::kJsonValue, "", "OK"), "\"OK\""));
  AckRule any_case = rule_at(AckMatch::kJsonValue, "/code", "SUCCESS");
  any_case.any_case = true;
  CHECK(accepts(any_case, "{\"code\":\"success\"}"));
}

TEST_CASE("the first element counts, whatever stands around it") {
  CHECK(accepts(bill99(), "<result>1</result><redirecturl>http://m/x</redirecturl>"));
  CHECK(accepts(bill99(), "\r\n <result> 1 </result>junk"));
  for (const char* body : {"<result>0</result><result>1</result>", "1", "<result>10</result>", "<result>1", ""}) {
    CHECK_FALSE_MESSAGE(accepts(bill99(), body), body);
  }
}

// The accept/reject table of the protocols, each line as the rule that its profile says.
struct TableLine {
  AckRule rule;
  std::vector<std::string> accepted;
  std::vector<std::string> rejected;
};

AckRule with_statuses(AckRule rule, std::vector<int> statuses) {
  rule.statuses = std::move(statuses);
  return rule;
}

std::vector<TableLine> table() {
  AckRule hexi = rule_of(AckMatch::kTrimmed, "ok");
  hexi.any_case = true;
  const std::string bill99_no = "<result>0</result><redirecturl>http://m/x</redirecturl>";
  const std::string bill99_yes = "<result>1</result><redirecturl>http://m/x</redirecturl>";
  return {
      {hexi, {"ok", "OK\n"}, {"error", "", "<html><body>ok</body></html>"}},
      {ipaynow(), {"success=Y", "success=Y\n"}, {"success=N", "{'success':'Y'}", "SUCCESS=Y"}},
      {bill99(), {bill99_yes, " \r\n" + bill99_yes}, {bill99_no, "1", "<result>10</result>"}},
      {rule_of(AckMatch::kExact, "ok"), {"ok"}, {"ok\n", " ok", "OK", "error"}},
      {rule_of(AckMatch::kExact, "SUCCESS"), {"SUCCESS"}, {"success", "SUCCESS\n", "SUCCESS!"}},
      {payindex(), {"OK"}, {"ok", "NOTOK", "<html>OK"}},
      {dhpay(), {"success", "success\n"}, {"SUCCESS", "fail", "unsuccessful"}},
      {wechat(),
       {"<xml><return_code><![CDATA[SUCCESS]]></return_code></xml>", "<xml><return_code>SUCCESS</return_code></xml>"},
       {"success", "<xml><return_code><![CDATA[FAIL]]></return_code></xml>", "<xml><return_code>SUCCESS</xml>"}},
      {rule_of(AckMatch::kExact, "success"), {"success"}, {"success\n", "SUCCESS", "<a href=/>success</a>"}},
  };
}

TEST_CASE("the protocols' table of answers: bodies") {
  for (const TableLine& line : table()) {
    for (const std::string& body : line.accepted) CHECK_MESSAGE(accepts(line.rule, body), body);
    for (const std::string& body : line.rejected) CHECK_FALSE_MESSAGE(accepts(line.rule, body), body);
    for (const std::string& body : line.accepted) {
      for (const int status : {302, 404, 500}) CHECK_FALSE_MESSAGE(accepts(line.rule, body, status), body);
    }
  }
}

TEST_CASE("the protocols' table of answers: statuses with any body") {
  struct Row {
    std::vector<int> statuses;
    std::vector<int> accepted;
    std::vector<int> rejected;
  };
  const Row rows[] = {
      {{200}, {200}, {201, 302, 500}},
      {{200, 204}, {200, 204}, {302, 401, 500}},
      {{200, 302}, {200, 302}, {404, 500}},
      {{}, {200, 202, 204, 299}, {199, 300, 301, 302, 400, 410, 429, 500, 502, 504}},
  };
  for (const Row& row : rows) {
    const AckRule rule = with_statuses(rule_of(AckMatch::kStatusOnly, ""), row.statuses);
    for (const int status : row.accepted) CHECK(accepts(rule, "<html>any</html>", status));
    for (const int status : row.rejected) CHECK_FALSE(accepts(rule, "success", status));
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

TEST_CASE("what stands at the rule's place, or that nothing does, is said") {
  CHECK(reason(wechat(), "<xml><return_code>FAIL</return_code></xml>") ==
        "the XML's return_code is 'FAIL'; expected 'SUCCESS'");
  CHECK(reason(wechat(), "<xml><return_code>success</return_code></xml>") ==
        "the XML's return_code is 'success': wrong case; expected 'SUCCESS'");
  CHECK(reason(wechat(), "<xml><return_code/></xml>") == "the XML's return_code is empty; expected 'SUCCESS'");
  CHECK(reason(wechat(), "<xml/>") ==
        "the XML has no return_code; the body is '<xml/>'; expected 'SUCCESS' in the XML's return_code");
  CHECK(reason(wechat(), "SUCCESS") ==
        "the body is 'SUCCESS', only the text itself; expected 'SUCCESS' in the XML's return_code");
  CHECK(names(reason(wechat(), "<xml><return_code>SUCCESS</xml>"), "the body is not well-formed XML"));
  CHECK(names(reason(wechat(), "no"), "the body is not well-formed XML"));
  CHECK(names(reason(wechat(), "<!DOCTYPE html><html><body>oops</body></html>"), "the body is an HTML page"));
  CHECK(reason(wechat(), "") == "the body is empty; expected 'SUCCESS' in the XML's return_code");
  CHECK(names(reason(wechat(), "<xml><return_code>SUCCESS</return_code></xml>", 500),
              "the body alone would be the acknowledgement"));

  const AckRule json = rule_at(AckMatch::kJsonValue, "/code", "SUCCESS");
  CHECK(reason(json, "{\"code\":\"FAIL\"}") == "the JSON's /code is 'FAIL'; expected 'SUCCESS'");
  CHECK(names(reason(json, "{\"code\":\"SUCCESS\\n\"}"), "a newline behind the text"));
  CHECK(reason(json, "{}") == "the JSON has no /code; the body is '{}'; expected 'SUCCESS' in the JSON's /code");
  CHECK(names(reason(json, "{\"code\":{}}"), "the JSON's /code is an object"));
  CHECK(names(reason(json, "oops"), "this is not JSON"));

  CHECK(reason(bill99(), "<result>0</result>") == "the first <result> is '0'; expected '1'");
  CHECK(names(reason(bill99(), "error"), "there is no <result> element"));
  CHECK(names(reason(bill99(), "1"), "only the text itself"));
}

TEST_CASE("a refusal at the rule's place, or instead of it, is called one") {
  AckRule rule = wechat();
  rule.refusals = {"FAIL"};
  CHECK(reason(rule, "<xml><return_code><![CDATA[FAIL]]></return_code></xml>") ==
        "the receiver refused: the XML's return_code is 'FAIL'; expected 'SUCCESS'");
  CHECK(names(reason(rule, "fail"), "the receiver refused: the body is 'fail'"));
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

std::string repeated(std::string_view piece, std::size_t bytes) {
  std::string out;
  while (out.size() < bytes) out += piece;
  return out;
}

TEST_CASE("no answer makes judging crash, recurse or talk at length") {
  const std::size_t cap = 64 * 1024;
  std::string deep = repeated("<a>", 300'000) + repeated("</a>", 400'000);
  const std::string bodies[] = {std::string(cap, '<'),
                                std::string(cap, '&'),
                                std::string(cap, '['),
                                std::string(cap, '\0'),
                                std::string(cap, '\xFF'),
                                repeated("{\"a\":", 600'000),
                                repeated("[{\"a\":", 600'000),
                                repeated("<result>", cap),
                                repeated("<result", cap),
                                repeated("<![CDATA[", cap),
                                repeated("<a b='c' ", cap),
                                repeated("<!--", cap),
                                repeated("&amp;", cap),
                                deep,
                                "<xml><return_code>" + repeated("&amp;", cap) + "</return_code></xml>",
                                "<xml>" + repeated("<return_code>SUCCESS</return_code>", cap) + "</xml>",
                                "{\"\\u001b[2J\":1,\"\\u001b[2J\":2}",
                                "{\"code\":\"\\u001b]0;x\\u0007\"}",
                                std::string("<xml><return_code>SUCCESS\0</return_code></xml>", 43)};
  for (const AckRule& rule : {wechat(), bill99(), rule_at(AckMatch::kJsonValue, "/code", "SUCCESS"), payindex(),
                              dhpay(), rule_of(AckMatch::kContains, "SUCCESS!")}) {
    for (const std::string& body : bodies) {
      const std::string text = reason(rule, body);
      CHECK(text.size() < 900);
      CHECK(std::none_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7F'; }));
    }
  }
}

TEST_CASE("random answers are judged the same twice and never accepted by chance") {
  std::mt19937_64 random(99);
  const std::string_view pieces[] = {
      "<xml>", "</xml>", "<return_code>", "</return_code>", "<result>", "</result>", "{", "}", "\"",           ":",
      "[",     "]",      "code",          "<![CDATA[",      "]]>",      "&",         ";", " ", "\xEF\xBB\xBF", "\n"};
  const AckRule rules[] = {wechat(), bill99(), rule_at(AckMatch::kJsonValue, "/code", "SUCCESS"), payindex()};
  for (int round = 0; round < 5'000; ++round) {
    std::string body;
    for (std::uint64_t i = random() % 12; i > 0; --i) {
      body +=
          random() % 5 == 0 ? std::string(1, static_cast<char>(random() | 0x80)) : pieces[random() % std::size(pieces)];
    }
    for (const AckRule& rule : rules) {
      const AckVerdict verdict = judge_answer(rule, 200, body);
      REQUIRE_FALSE_MESSAGE(verdict.acknowledged, body);
      REQUIRE(verdict.reason == judge_answer(rule, 200, body).reason);
    }
  }
}

TEST_CASE("which rules need the body, and which may look inside a cut one") {
  for (const AckMatch match : {AckMatch::kStatusOnly, AckMatch::kExact, AckMatch::kTrimmed, AckMatch::kContains,
                               AckMatch::kXmlElement, AckMatch::kJsonValue, AckMatch::kFirstElement}) {
    CHECK(decided_by_status(rule_of(match, "x")) == (match == AckMatch::kStatusOnly));
    const bool inside = match == AckMatch::kContains || match == AckMatch::kFirstElement;
    CHECK(may_match_inside_cap(rule_of(match, "x")) == inside);
  }
}

TEST_CASE("a rule describes itself for people") {
  CHECK(describe(payindex()) == "body is exactly 'OK' with a status from 200 to 299");
  CHECK(describe(ipaynow()) == "body is 'success=Y', blanks around it allowed, with status 200");
  AckRule rule = rule_of(AckMatch::kContains, "ok");
  rule.any_case = true;
  CHECK(describe(rule) == "body contains 'ok' in any case with a status from 200 to 299");
  CHECK(describe(wechat()) == "the XML's return_code is 'SUCCESS' with a status from 200 to 299");
  CHECK(describe(bill99()) == "the first <result> is '1' with a status from 200 to 299");
  CHECK(describe(with_statuses(rule_at(AckMatch::kJsonValue, "/code", "200"), {200, 201})) ==
        "the JSON's /code is '200' with status 200, 201");
  CHECK(describe(rule_of(AckMatch::kStatusOnly, "")) == "a status from 200 to 299, whatever the body");
}

}  // namespace
}  // namespace ackd
