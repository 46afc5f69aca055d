// `ackctl verify`: requests as people have them, the verdict, and where the signed texts part.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "ackctl/document.h"
#include "ackctl/request_file.h"
#include "ackctl/text_difference.h"
#include "program.h"
#include "temporary_folder.h"

namespace ackd {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The payindex vector "seed_fields".
const std::string kKey = "t4ig5acnpx4fet4zapshjacjd9o4bhbi";
const std::string kForm =
    "memberid=10002&orderid=20250101120000000001&amount=100.00&true_amount=99.98&transaction_id=P202501011200001"
    "&datetime=20250101120130&returncode=00&attach=abc&sign=A9E4940546E1EAF59BDA22E21BB3AC3C";

std::string posted(const std::string& body) {
  return "POST /notify HTTP/1.1\r\nHost: shop.example\r\nContent-Type: text/plain\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct World {
  TemporaryFolder folder;
  std::string key_file = folder.write("key", kKey + "\n");

  ProgramResult verify(const std::string& request, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"verify", "payindex", "--request", "-", "--key-file", key_file};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_ackctl(arguments, request);
  }
};

TEST_CASE("a genuine request verifies, from a log and from render's own output") {
  const World world;
  const ProgramResult raw = world.verify(posted(kForm));
  CHECK(raw.exit_code == 0);
  CHECK(raw.out.starts_with("verified: the field sign is right\n"));
  CHECK(has(raw.out, "orderid         20250101120000000001\n"));
  const std::string request = R"({"fields":{"memberid":"1","orderid":"2","amount":"3","transaction_id":"t",
      "datetime":"20250101120130","returncode":"00"},"merchant":{"key":")" +
                              kKey + "\"}}";
  const ProgramResult rendered = run_ackctl({"render", "--provider", "payindex", "--request", "-"}, request);
  CHECK(world.verify(rendered.out).exit_code == 0);
  CHECK(world.verify(posted(kForm) + "\n").exit_code == 0);  // an editor's line end is behind the body
}

TEST_CASE("a changed request does not, and the report says what was expected") {
  const World world;
  std::string forged = kForm;
  forged.replace(forged.find("100.00"), 6, "999.00");
  const ProgramResult result = world.verify(posted(forged));
  CHECK(result.exit_code == 1);
  CHECK(result.out.starts_with("NOT verified: the field sign is 'A9E4940546E1EAF59BDA22E21BB3AC3C', expected '"));
  const ProgramResult json = world.verify(posted(forged), {"--json"});
  CHECK(json.exit_code == 1);
  const Document document = Document::parse(json.out, nullptr, false);
  CHECK_FALSE(flag_of(document, "verified"));
  CHECK(text_of(document, "signature") == "A9E4940546E1EAF59BDA22E21BB3AC3C");
  CHECK(text_of(document["fields"], "amount") == "999.00");
  CHECK(document["causes"].empty());
}

TEST_CASE("where the platform's text is known, the caret stands where the merchant's parts from it") {
  const World world;
  const std::string platform =
      "amount=100.00&datetime=20250101120130&memberid=10002&orderid=20250101120000000001&returncode=00"
      "&transaction_id=P202501011200001&true_amount=99.98&key=" +
      kKey;
  std::string forged = kForm;
  forged.replace(forged.find("100.00"), 6, "999.00");
  const ProgramResult result =
      world.verify(posted(forged), {"--canonical", world.folder.write("signed.txt", platform + "\n")});
  CHECK(result.exit_code == 1);
  CAPTURE(result.out);
  CHECK(has(result.out,
            "The canonical texts part at byte 7, line 1:\n"
            "merchant's  amount=999.00&datetime=20250101120130&memberid=...\n"
            "platform's  amount=100.00&datetime=20250101120130&memberid=...\n"
            "                   ^\n"));
  CHECK(has(result.out, "The signature is right for the platform's text"));
  const ProgramResult genuine = world.verify(posted(kForm), {"--canonical", world.folder.file("signed.txt")});
  CHECK(has(genuine.out, "The canonical text is the platform's own, byte for byte."));
}

TEST_CASE("likely causes and mistakes of usage are named") {
  const World world;
  const TemporaryFolder folder;
  const std::string lower = kForm.substr(0, kForm.find("&sign=")) + "&sign=a9e4940546e1eaf59bda22e21bb3ac3c";
  CHECK(has(world.verify(posted(lower)).out, "The signature is right when written as lower-case hex.\n"));
  CHECK(has(world.verify(posted(kForm + "&shop=1")).out, "Note: payindex has no field shop; it is left aside.\n"));
  CHECK(has(world.verify("hello").err, "line 1 is no request line"));
  CHECK(
      has(world.verify(posted(kForm), {"--option", "charset=klingon"}).err, "the profile knows utf-8, gbk or gb18030"));
  CHECK(has(world.verify(posted(kForm), {"--option", "charset"}).err, "write --option name=value"));
  CHECK(run_ackctl({"verify", "payindex"}).exit_code == 2);
  CHECK(has(run_ackctl({"verify", "payindex", "--request", "-"}, posted(kForm)).out, "no key to verify with"));
}

TEST_CASE("key and options may come from the configuration") {
  const World world;
  const std::string config =
      world.folder.write("config.yaml", "data_dir: data\nschedules:\n  folder: " ACKD_SOURCE_DIR
                                        "/schedules\nmerchants:\n"
                                        "  - {provider: payindex, id: \"10002\", key_file: key}\n");
  const ProgramResult result =
      run_ackctl({"verify", "payindex", "--request", "-", "--config", config, "--merchant", "10002"}, posted(kForm));
  CHECK(result.err == "");
  CHECK(result.exit_code == 0);
  CHECK(has(result.out, "is right, key key\n"));
}

TEST_CASE("a request file is read with either line end, and its body to its own length") {
  const auto crlf = parse_request_file("POST https://m.example:8443/a/b?x=1#f HTTP/1.1\r\nX-A:  b \r\n\r\nbody\r\n");
  REQUIRE(crlf);
  CHECK(crlf->method == "POST");
  CHECK(crlf->path == "/a/b");
  CHECK(crlf->query == "x=1");
  CHECK(crlf->headers == Fields{{"X-A", "b"}});
  CHECK(crlf->body == "body\r\n");
  const auto cut = parse_request_file("POST / HTTP/1.1\ncontent-length: 3\n\nabc\n");
  REQUIRE(cut);
  CHECK(cut->body == "abc");
  const auto get = parse_request_file("GET ?a=b HTTP/1.0\n\n");
  REQUIRE(get);
  CHECK(get->path == "/");
  CHECK(get->query == "a=b");
  const auto json =
      parse_request_file(R"( {"method":"POST","url":"https://m/x?y","headers":{"A":"b"},"body_base64":"/w=="})");
  REQUIRE(json);
  CHECK(json->body == "\xFF");
  CHECK(json->headers == Fields{{"A", "b"}});
  CHECK(!parse_request_file(""));
  CHECK(!parse_request_file("{\"url\":\"x\"}"));
  CHECK(!parse_request_file("POST / HTTP/1.1\nContent-Length: 9\n\nabc"));
  CHECK(!parse_request_file("POST / HTTP/1.1\nContent-Length: abc\n\nabc"));
  CHECK(!parse_request_file("POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n3\nabc\n0\n"));
  CHECK(!parse_request_file("POST / HTTP/1.1\nno header\n\nabc"));
}

TEST_CASE("a difference is shown on its line, inside long lines, and never inside a character") {
  CHECK(!find_difference("same", "same"));
  const std::string a = "first\nsecond line with \xE6\x94\xAF\xE4\xBB\x98 and more\nthird";
  const std::string b = "first\nsecond line with \xE6\x94\xAE\xE4\xBB\x98 and more\nthird";
  const auto difference = find_difference(a, b);
  REQUIRE(difference);
  CHECK(difference->byte == 25);
  CHECK(difference->line == 2);
  CHECK(show_difference(*difference, "A", a, "B", b) ==
        "A  second line with \xE6\x94\xAF\xE4\xBB\x98 and more\\n\n"
        "B  second line with \xE6\x94\xAE\xE4\xBB\x98 and more\\n\n"
        "                    ^\n");
  const auto end = find_difference("abc", "abcdef");
  REQUIRE(end);
  CHECK(end->byte == 3);
  CHECK(show_difference(*end, "A", "abc", "B", "abcdef") == "A  abc\nB  abcdef\n      ^\n");
}

}  // namespace
}  // namespace ackd
