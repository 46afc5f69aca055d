// Which answers each provider takes as the acknowledgement, and which it does not: the table of the protocols, in
// strict mode, cell by cell.
#include <map>

#include "shipped_profiles.h"

namespace ackd {
namespace {

struct Answer {
  int status;
  std::string body;
};

struct Row {
  std::string provider;
  std::vector<Answer> accepted;
  std::vector<Answer> rejected;
};

// Where the status alone decides, whatever the body.
Row status_row(const std::string& provider, const std::vector<int>& accepted, const std::vector<int>& rejected) {
  Row row{provider, {}, {}};
  for (const char* body : {"", "success", "FAIL", "<html>no</html>"}) {
    for (const int status : accepted) row.accepted.push_back({status, body});
    for (const int status : rejected) row.rejected.push_back({status, body});
  }
  return row;
}

Row any_2xx_row(const std::string& provider) {
  return status_row(provider, {200, 201, 202, 204, 299},
                    {300, 301, 302, 304, 307, 308, 400, 401, 404, 410, 429, 500, 503});
}

Row ipaynow_row(const std::string& provider) {
  return {provider,
          {{200, "success=Y"}, {200, "success=Y\n"}, {200, "\r\n success=Y"}},
          {{200, "success=N"},
           {200, "{'success':'Y'}"},
           {200, "SUCCESS=Y"},
           {200, ""},
           {201, "success=Y"},
           {302, "success=Y"},
           {500, "success=Y"}}};
}

Row bill99_row(const std::string& provider) {
  const std::string kTail = "<redirecturl>http://m/x</redirecturl>";
  return {provider,
          {{200, "<result>1</result>" + kTail},
           {200, " \r\n\t<result>1</result>" + kTail},
           {200, "<result> 1 </result>" + kTail},
           {200, "<result>1</result>"},
           {200, "done: <result>1</result>" + kTail + "\n"}},
          {{200, "<result>0</result>" + kTail},
           {200, "1"},
           {200, "<result>10</result>" + kTail},
           {200, "<result>01</result>"},
           {200, "<result>0</result><result>1</result>"},
           {200, ""},
           {302, "<result>1</result>" + kTail},
           {500, "<result>1</result>" + kTail}}};
}

const std::vector<Row>& table() {
  static const std::vector<Row> kTable{
      {"hexi",
       {{200, "ok"}, {200, "OK"}, {200, " ok\r\n"}, {204, "Ok"}},
       {{200, "error"}, {200, ""}, {200, "<html>ok</html>"}, {200, "okay"}, {500, "ok"}, {302, "ok"}}},
      ipaynow_row("ipaynow"),
      ipaynow_row("ipaynow_v1"),
      ipaynow_row("ipaynow_25h"),
      bill99_row("bill99"),
      bill99_row("bill99_split"),
      any_2xx_row("bill99_legacy"),
      {"chinabank",
       {{200, "ok"}},
       {{200, "ok\n"}, {200, " ok"}, {200, "OK"}, {200, "error"}, {200, ""}, {200, "\xEF\xBB\xBFok"}, {404, "ok"}}},
      {"dinpay",
       {{200, "SUCCESS"}},
       {{200, "success"}, {200, "SUCCESS\n"}, {200, "SUCCESS!"}, {200, " SUCCESS"}, {500, "SUCCESS"}}},
      status_row("allinpay", {200}, {201, 204, 302, 404, 500}),
      {"payindex",
       {{200, "OK"}},
       {{200, "ok"}, {200, "Ok"}, {200, "NOTOK"}, {200, "<html>OK"}, {200, "OK\n"}, {200, ""}, {500, "OK"}}},
      {"dhpay",
       {{200, "success"}, {200, " success\n"}},
       {{200, "SUCCESS"}, {200, "fail"}, {200, "unsuccessful"}, {200, "\"success\""}, {302, "success"}}},
      {"wechat_v2",
       {{200, "<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>"},
        {200, "<xml>\n  <return_code>SUCCESS</return_code>\n</xml>\n"}},
       {{200, "success"},
        {200, "SUCCESS"},
        {200, "<xml><return_code><![CDATA[FAIL]]></return_code><return_msg><![CDATA[no]]></return_msg></xml>"},
        {200, "<xml><return_code><![CDATA[SUCCESS]]></return_code>"},
        {200, "<xml><return_code><![CDATA[success]]></return_code></xml>"},
        {200, "<xml><result_code>SUCCESS</result_code></xml>"},
        {200, "<xml><a><return_code>SUCCESS</return_code></a></xml>"},
        {200, ""},
        {500, "<xml><return_code>SUCCESS</return_code></xml>"}}},
      status_row("wechat_v3", {200, 204}, {201, 202, 302, 401, 404, 500}),
      {"alipay",
       {{200, "success"}},
       {{200, "success\n"}, {200, "SUCCESS"}, {200, "fail"}, {200, "<html>success</html>"}, {302, "success"}}},
      status_row("unionpay", {200, 302}, {201, 204, 301, 404, 500}),
      any_2xx_row("standard_webhooks"),
      any_2xx_row("svix"),
      any_2xx_row("stripe"),
      any_2xx_row("adyen"),
      any_2xx_row("github"),
      any_2xx_row("paypal"),
      any_2xx_row("generic"),
      {"jeepay",
       {{200, "SUCCESS"}, {200, "success"}, {200, "Success"}},
       {{200, "SUCCESS\n"}, {200, " SUCCESS"}, {200, "OK"}, {200, ""}, {500, "SUCCESS"}}},
      {"roncoo",
       {{200, "success"}, {200, "\n success \r\n"}},
       {{200, "SUCCESS"}, {200, "fail"}, {200, "successful"}, {201, "success"}, {500, "success"}}},
  };
  return kTable;
}

AckVerdict verdict(const std::string& provider, const Answer& answer) {
  return judge_answer(ack_for(shipped_profile(provider), merchant_of(provider, "k")), answer.status, answer.body);
}

TEST_CASE("every answer of the table is judged as the protocol says") {
  for (const Row& row : table()) {
    CAPTURE(row.provider);
    for (const Answer& answer : row.accepted) {
      CAPTURE(answer.status);
      CAPTURE(answer.body);
      CHECK(verdict(row.provider, answer).acknowledged);
    }
    for (const Answer& answer : row.rejected) {
      CAPTURE(answer.status);
      CAPTURE(answer.body);
      const AckVerdict refused = verdict(row.provider, answer);
      CHECK_FALSE(refused.acknowledged);
      CHECK_FALSE(refused.reason.empty());
    }
  }
}

TEST_CASE("the table has every shipped provider") {
  std::map<std::string, int> rows;
  for (const Row& row : table()) ++rows[row.provider];
  for (const ProfileSource& source : shipped_profiles()) {
    CHECK_MESSAGE(rows[source.profile.id] == 1, source.profile.id);
  }
  CHECK(rows.size() == shipped_profiles().size());
}

TEST_CASE("only unionpay takes a redirect for an acknowledgement") {
  for (const ProfileSource& source : shipped_profiles()) {
    const AckRule rule = ack_for(source.profile, merchant_of(source.profile.id, "k"));
    for (const int status : {301, 302, 303, 307, 308}) {
      const bool taken = judge_answer(rule, status, rule.text).acknowledged;
      CHECK_MESSAGE(taken == (source.profile.id == "unionpay" && status == 302), source.profile.id << " " << status);
    }
  }
}

TEST_CASE("a merchant whose server answers not quite right loosens its own rule only") {
  const auto acknowledged = [](const char* provider, const char* option, const std::string& body) {
    Merchant merchant = merchant_of(provider, "k");
    merchant.options[option] = "true";
    return judge_answer(ack_for(shipped_profile(provider), merchant), 200, body).acknowledged;
  };
  CHECK(acknowledged("chinabank", "ack_trim", "ok\n"));
  CHECK(acknowledged("payindex", "ack_any_case", "ok"));
  CHECK(acknowledged("ipaynow", "ack_contains", "<p>success=Y</p>"));
  CHECK(acknowledged("alipay", "ack_any_case", "SUCCESS"));
  CHECK_FALSE(acknowledged("chinabank", "ack_trim", "OK"));
  CHECK_FALSE(acknowledged("wechat_v2", "ack_contains", "SUCCESS"));
}

TEST_CASE("how long and how much of an answer is read") {
  const std::map<std::string, std::size_t> kLonger{{"bill99", 65'536},
                                                   {"bill99_split", 65'536},
                                                   {"bill99_legacy", 65'536},
                                                   {"wechat_v2", 65'536},
                                                   {"roncoo", 5'000}};
  const std::map<std::string, int> kSeconds{{"wechat_v2", 5}, {"wechat_v3", 5}, {"standard_webhooks", 30},
                                            {"svix", 30},     {"stripe", 20},   {"paypal", 20},
                                            {"jeepay", 20},   {"roncoo", 20}};
  for (const ProfileSource& source : shipped_profiles()) {
    const Profile& profile = source.profile;
    CAPTURE(profile.id);
    const auto longer = kLonger.find(profile.id);
    CHECK(profile.body_bytes_max == (longer == kLonger.end() ? 4'096 : longer->second));
    const auto seconds = kSeconds.find(profile.id);
    CHECK(profile.total_timeout == std::chrono::seconds(seconds == kSeconds.end() ? 10 : seconds->second));
  }
}

}  // namespace
}  // namespace ackd
