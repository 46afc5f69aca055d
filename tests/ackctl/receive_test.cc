// The merchant of `ackctl receive`: its script, its verdicts, and the program driven over real HTTP.
#include <curl/curl.h>
#include <doctest/doctest.h>

#include <fstream>

#include "ackctl/answer_script.h"
#include "ackctl/document.h"
#include "program.h"
#include "temporary_folder.h"

namespace ackd {
namespace {

const std::string kKey = "t4ig5acnpx4fet4zapshjacjd9o4bhbi";
// The payindex vector "seed_fields".
const std::string kSigned =
    "memberid=10002&orderid=20250101120000000001&amount=100.00&true_amount=99.98&transaction_id=P202501011200001"
    "&datetime=20250101120130&returncode=00&attach=abc&sign=A9E4940546E1EAF59BDA22E21BB3AC3C";

struct Reply {
  long status = 0;
  std::string body;
  std::string content_type;
};

std::size_t append(char* bytes, std::size_t size, std::size_t count, void* out) {
  static_cast<std::string*>(out)->append(bytes, size * count);
  return size * count;
}

// A GET without `form`, else a POST of it.
Reply request(const std::string& url, const std::string& form = {}, const std::vector<std::string>& headers = {}) {
  Reply reply;
  CURL* curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply.body);
  if (!form.empty()) curl_easy_setopt(curl, CURLOPT_POSTFIELDS, form.c_str());
  curl_slist* lines = nullptr;
  for (const std::string& header : headers) lines = curl_slist_append(lines, header.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines);
  CHECK(curl_easy_perform(curl) == CURLE_OK);
  curl_slist_free_all(lines);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply.status);
  char* type = nullptr;
  curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
  if (type != nullptr) reply.content_type = type;
  curl_easy_cleanup(curl);
  return reply;
}

// Reads the first line of a receiver started with --json and returns its base URL.
std::string base_of(RunningProgram& receiver) {
  const Document listening = Document::parse(receiver.read_line(), nullptr, false);
  REQUIRE(text_of(listening, "event") == "listening");
  return "http://" + text_of(listening, "address");
}

Document next_event(RunningProgram& receiver) {
  return Document::parse(receiver.read_line(), nullptr, false);
}

std::string write_key() {
  const std::string file =
      std::string(std::getenv("TMPDIR") != nullptr ? std::getenv("TMPDIR") : "/tmp") + "/ackctl_receive_test_key";
  std::ofstream(file) << kKey << "\n";
  return file;
}

TEST_CASE("a script is texts, statuses and statuses with texts") {
  const auto script = parse_answer_script(R"(fail,500,503:busy,,a\,b\n\xEF,1234)", "");
  REQUIRE(script);
  REQUIRE(script->size() == 6);
  CHECK((*script)[0].body == "fail");
  CHECK((*script)[1].status == 500);
  CHECK((*script)[1].body.empty());
  CHECK((*script)[2].status == 503);
  CHECK((*script)[2].body == "busy");
  CHECK((*script)[3].body.empty());
  CHECK((*script)[3].status == 200);
  CHECK((*script)[4].body == "a,b\n\xEF");
  CHECK((*script)[5].body == "1234");
  CHECK(!parse_answer_script("100", ""));
  CHECK(!parse_answer_script("600:x", ""));
  CHECK(!parse_answer_script(R"(a\q)", ""));
  CHECK(!parse_answer_script(R"(a\x4)", ""));
}

TEST_CASE("answers are converted to the charset asked for") {
  const auto script = parse_answer_script(R"(成功\xFF)", "gbk");
  REQUIRE(script);
  CHECK((*script)[0].body == "\xB3\xC9\xB9\xA6\xFF");
  CHECK(!parse_answer_script("OK", "no-such-charset"));
}

TEST_CASE("each notification has its own turn and the last answer repeats") {
  AnswerTurns turns(*parse_answer_script("fail,OK", ""));
  CHECK(turns.next("a").answer.body == "fail");
  CHECK(turns.next("b").answer.body == "fail");
  CHECK(turns.next("a").answer.body == "OK");
  CHECK(turns.next("a").number == 3);
  CHECK(turns.next("a").answer.body == "OK");
  CHECK(turns.notifications() == 2);
}

TEST_CASE("the program answers in turn, says what it saw, and ends with a summary on SIGTERM") {
  RunningProgram receiver({"receive", "--port", "0", "--answer", "fail,500,OK", "--json"});
  const std::string base = base_of(receiver);
  CHECK(request(base + "/notify?order=1").body == "fail");
  CHECK(request(base + "/notify?order=1").status == 500);
  CHECK(request(base + "/notify?order=2").body == "fail");
  CHECK(request(base + "/notify?order=1").body == "OK");
  const Document first = next_event(receiver);
  CHECK(text_of(first, "method") == "GET");
  CHECK(text_of(first, "path") == "/notify");
  CHECK(text_of(first, "query") == "order=1");
  CHECK(text_of(first, "signature") == "unchecked");
  CHECK(number_of(next_event(receiver)["answer"], "status") == 500);
  CHECK(number_of(next_event(receiver), "turn") == 1);
  CHECK(number_of(next_event(receiver), "turn") == 3);
  CHECK(receiver.finish() == 0);
  const Document summary = next_event(receiver);
  CHECK(number_of(summary, "requests") == 4);
  CHECK(number_of(summary, "notifications") == 2);
}

TEST_CASE("signatures are verified by rendering again what arrived") {
  RunningProgram receiver(
      {"receive", "--port", "0", "--answer", "fail,OK", "--provider", "payindex", "--key-file", write_key(), "--json"});
  const std::string base = base_of(receiver);
  std::string forged = kSigned;
  forged.replace(forged.find("100.00"), 6, "999.00");
  CHECK(request(base + "/n", kSigned).body == "fail");
  CHECK(request(base + "/n", forged).body == "OK");  // the same order and state: the second turn
  CHECK(request(base + "/n", "orderid=7").body == "fail");
  CHECK(request(base + "/n?" + kSigned).status == 200);
  const Document good = next_event(receiver);
  CHECK(text_of(good, "signature") == "ok");
  CHECK(text_of(good, "subject") == "20250101120000000001");
  CHECK(text_of(good, "body") == kSigned);
  const Document bad = next_event(receiver);
  CHECK(text_of(bad, "signature") == "wrong");
  CHECK(text_of(bad, "why").find("expected") != std::string::npos);
  CHECK(text_of(bad, "why").find(kKey) == std::string::npos);
  CHECK(text_of(next_event(receiver), "why") == "the field sign did not arrive");
  CHECK(text_of(next_event(receiver), "why") == "GET was used, POST is the rule");
  CHECK(receiver.finish() == 0);
  CHECK(number_of(next_event(receiver), "signatures_wrong") == 3);
}

// Sends what `render` makes of the description; returns what the receiver says of it.
Document sent_and_judged(RunningProgram& receiver, const std::string& base, const std::string& provider,
                         const Document& description) {
  const ProgramResult result = run_ackctl({"render", "--provider", provider, "--request", "-"}, description.dump());
  CAPTURE(result.err);
  REQUIRE(result.exit_code == 0);
  const Document rendered = Document::parse(result.out, nullptr, false);
  const std::string url = text_of(rendered, "url");
  std::vector<std::string> headers;
  for (const auto& [name, value] : rendered["headers"].items())
    headers.push_back(name + ": " + value.get<std::string>());
  CHECK(request(base + url.substr(url.find("/n")), text_of(rendered, "body"), headers).status == 200);
  return next_event(receiver);
}

TEST_CASE("every encoding is verified: XML, JSON, raw bodies with headers, and private keys") {
  const TemporaryFolder folder;
  std::string pem;
  std::ifstream stream(ACKD_SOURCE_DIR "/tests/profile/vectors.json");
  for (const Document& vector : Document::parse(stream, nullptr, false)) {
    if (vector["inputs"].contains("private_key_pem")) pem = text_of(vector["inputs"], "private_key_pem");
  }
  const std::string secret = "0123456789abcdef0123456789abcdef";
  const std::string secret_file = folder.write("secret", secret);
  const std::string pem_file = folder.write("key.pem", pem);
  const Document merchant = {{"key", secret}, {"private_key", pem}};
  const std::vector<std::pair<std::string, Document>> notifications{
      {"wechat_v2", {{"fields", {{"out_trade_no", "7"}, {"attach", "a&b<c>]]>"}}}}},
      {"adyen", {{"fields", {{"merchantReference", "7"}, {"pspReference", "8"}, {"amount.value", 12.30}}}}},
      {"stripe", {{"body", "{\"id\":\"7\"}"}}},
      {"wechat_v3", {{"body", "{\"out_trade_no\":\"7\"}"}}},
      {"roncoo", {{"fields", {{"orderNo", "7"}}}}}};
  for (const auto& each : notifications) {
    const std::string& provider = each.first;
    Document description = each.second;
    CAPTURE(provider);
    description["merchant"] = merchant;
    description["url"] = "http://m.example/n?own=1";
    RunningProgram receiver({"receive", "--port", "0", "--provider", provider, "--key-file", secret_file,
                             "--public-key", pem_file, "--json"});
    const Document judged = sent_and_judged(receiver, base_of(receiver), provider, description);
    CAPTURE(text_of(judged, "why"));
    CHECK(text_of(judged, "signature") == "ok");
    CHECK(text_of(judged, "subject") == "7");
    CHECK(receiver.finish() == 0);
  }
}

TEST_CASE("the text form names the port first, escapes what came in, and ends after --count answers") {
  RunningProgram receiver({"receive", "--port", "0", "--answer", "成功", "--charset", "gbk", "--count", "2"});
  const std::string line = receiver.read_line();
  REQUIRE(line.starts_with("listening on 127.0.0.1:"));
  const std::string base = "http://" + line.substr(line.find("127"));
  const Reply reply = request(base + "/a");
  CHECK(reply.body == "\xB3\xC9\xB9\xA6");
  CHECK(reply.content_type == "text/html; charset=gbk");
  CHECK(request(base + "/b").status == 200);
  CHECK(receiver.wait() == 0);
  CHECK(receiver.read_line().find("GET /a  signature unchecked  -> 200 '\\xB3") != std::string::npos);
  CHECK(!receiver.read_line().empty());
  CHECK(receiver.read_line() == "requests: 2, notifications: 2; signatures: 0 ok, 0 wrong, 2 unchecked");
}

TEST_CASE("a delayed answer does not hold up the end") {
  RunningProgram receiver({"receive", "--port", "0", "--delay", "1h", "--json"});
  const std::string base = base_of(receiver);
  CURL* curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, (base + "/slow").c_str());
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 300L);
  CHECK(curl_easy_perform(curl) == CURLE_OPERATION_TIMEDOUT);
  curl_easy_cleanup(curl);
  CHECK(text_of(next_event(receiver), "path") == "/slow");
  CHECK(receiver.finish() == 0);
}

TEST_CASE("what cannot be served is said before anything is") {
  CHECK(run_ackctl({"receive", "--port", "0", "--answer", "999"}).exit_code == 2);
  CHECK(run_ackctl({"receive", "--port", "0", "--delay", "soon"}).exit_code == 2);
  CHECK(run_ackctl({"receive", "--port", "0", "--provider", "payindex"}).exit_code == 2);
  CHECK(run_ackctl({"receive", "--port", "0", "--host", "localhost"}).exit_code == 1);
  CHECK(run_ackctl({"receive", "--port", "0", "--provider", "payindex", "--key-file", "/nonexistent"}).exit_code == 1);
}

}  // namespace
}  // namespace ackd
