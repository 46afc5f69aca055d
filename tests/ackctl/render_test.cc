// `ackctl render` as scripts use it: what it takes, what it gives, and what it says is wrong.
#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "ackctl/document.h"
#include "program.h"
#include "temporary_folder.h"

namespace ackd {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

ProgramResult render(const std::string& provider, const std::string& request) {
  return run_ackctl({"render", "--provider", provider, "--request", "-"}, request);
}

Document rendered(const std::string& provider, const std::string& request) {
  const ProgramResult result = render(provider, request);
  CAPTURE(result.err);
  REQUIRE(result.exit_code == 0);
  return Document::parse(result.out, nullptr, false);
}

const std::string kFields = R"("memberid":"1","orderid":"2","amount":12.30,"true_amount":1e2,"transaction_id":"t",)"
                            R"("datetime":"20250101120130","returncode":"00")";

TEST_CASE("render keeps the tokens of numbers, and uses a URL of nobody when none is named") {
  const Document out = rendered("payindex", "{\"fields\":{" + kFields + "},\"merchant\":{\"key\":\"k\"}}");
  CHECK(has(text_of(out, "body"), "amount=12.30&"));
  CHECK(has(text_of(out, "body"), "true_amount=1e2&"));
  CHECK(text_of(out, "url") == "http://merchant.example/notify");
  CHECK(text_of(out["headers"], "Content-Type") == "application/x-www-form-urlencoded; charset=utf-8");
  CHECK_FALSE(out.contains("refused_at_admission"));
}

TEST_CASE("missing required fields are listed, and everything else that is wrong is refused by name") {
  const ProgramResult half = render("payindex", R"({"fields":{"orderid":"2"},"merchant":{"key":"k"}})");
  CHECK(half.exit_code == 0);
  const Document out = Document::parse(half.out, nullptr, false);
  REQUIRE(out["refused_at_admission"].size() == 5);
  CHECK(out["refused_at_admission"][0] == "memberid: the field is required");
  CHECK(text_of(out, "canonical") == "orderid=2&key=k");
  CHECK(has(half.err, "admission would refuse this: memberid: the field is required\n"));

  const auto refused = [](const std::string& request) {
    const ProgramResult result = render("payindex", request);
    CHECK(result.exit_code == 1);
    CHECK(result.out == "");
    return result.err;
  };
  CHECK(has(refused("{\"fields\":{" + kFields + "}}"), "has no key"));
  CHECK(has(refused(R"({"fields":{"order":"2"},"merchant":{"key":"k"}})"), "fields.order: payindex has no such field"));
  CHECK(has(refused(R"({"fields":{"orderid":true}})"), "fields.orderid is a boolean"));
  CHECK(has(refused(R"({"type":"refunds","field":{}})"), "did you mean 'fields'"));
  CHECK(has(refused(R"({"merchant":{"options":{"nope":true}}})"), "the option 'nope' is not known"));
  CHECK(has(refused(R"({"merchant":{"keey":"k"}})"), "did you mean 'key'"));
  CHECK(has(refused(R"({"merchant":{"key":"k","keys":[{"key":"l"}]}})"), "both a key and keys"));
  CHECK(has(refused(R"({"body":{"a":1}})"), "body is an object"));
  CHECK(has(refused(R"({"body":"a","merchant":{"key":"k"}})"), "give the fields"));
  CHECK(refused("not json") != "");
}

TEST_CASE("type, body, nonce, time and several keys reach the request") {
  const Document signed_twice = rendered("standard_webhooks", R"({"fields":{"webhook-id":"msg_1"},"body":"{\"a\":1}",
      "now":1614265330,"merchant":{"keys":[{"id":"new","key":"whsec_bmV3"},{"id":"old","key":"whsec_b2xk"}]}})");
  CHECK(text_of(signed_twice, "canonical") == "msg_1.1614265330.{\"a\":1}");
  CHECK(text_of(signed_twice["headers"], "webhook-timestamp") == "1614265330");
  CHECK(has(text_of(signed_twice, "signature"), " v1,"));
  CHECK(text_of(signed_twice, "body") == "{\"a\":1}");

  const Document refund = rendered("jeepay", R"({"type":"refund","fields":{"refundOrderId":"R1"},
      "merchant":{"key":"k"}})");
  CHECK(has(text_of(refund, "canonical"), "refundOrderId=R1"));
  const Document empty = rendered("svix", R"({"body":"","merchant":{"key":"whsec_bmV3"}})");
  CHECK(text_of(empty, "body") == "");
}

TEST_CASE("a nonce is drawn when none is given") {
  std::ifstream stream(ACKD_SOURCE_DIR "/tests/profile/vectors.json");
  std::string pem;
  for (const Document& vector : Document::parse(stream, nullptr, false)) {
    if (vector["inputs"].contains("private_key_pem")) pem = text_of(vector["inputs"], "private_key_pem");
  }
  Document request = {{"fields", {{"plaintext", "{}"}}},
                      {"merchant", {{"key", "0123456789abcdef0123456789abcdef"}, {"private_key", pem}}}};
  const auto nonce = [&] { return text_of(rendered("wechat_v3", request.dump())["headers"], "Wechatpay-Nonce"); };
  const std::string first = nonce();
  CHECK(first.size() == 32);
  CHECK(nonce() != first);
  request["nonce"] = "mine";
  CHECK(nonce() == "mine");
}

TEST_CASE("key, options and URL come from the configuration when it names the merchant") {
  const TemporaryFolder folder;
  folder.write("keys/m.key", "from-the-file\n");
  const std::string config = folder.write("config.yaml", "data_dir: data\nschedules:\n  folder: " ACKD_SOURCE_DIR
                                                         "/schedules\n"
                                                         "merchants:\n  - provider: payindex\n    id: shop-7\n"
                                                         "    url: https://shop.example/n\n    key_file: keys/m.key\n"
                                                         "    options: {charset: gbk}\n");
  const auto run = [&](const std::string& merchant, const std::string& request) {
    return run_ackctl(
        {"render", "--provider", "payindex", "--request", "-", "--config", config, "--merchant", merchant}, request);
  };
  const ProgramResult result = run("shop-7", "{\"fields\":{" + kFields + "}}");
  CAPTURE(result.err);
  REQUIRE(result.exit_code == 0);
  const Document out = Document::parse(result.out, nullptr, false);
  CHECK(text_of(out, "url") == "https://shop.example/n");
  CHECK(has(text_of(out, "canonical"), "&key=from-the-file"));
  CHECK(has(text_of(out["headers"], "Content-Type"), "charset=gbk"));
  CHECK(has(run("shop-8", "{}").err, "has no merchant 'shop-8' of payindex"));
  CHECK(has(run("shop-7", R"({"merchant":{"key":"k"}})").err, "leave the member merchant out"));
  CHECK(run_ackctl({"render", "--provider", "payindex", "--request", "-", "--merchant", "shop-7"}, "{}").exit_code ==
        2);
}

}  // namespace
}  // namespace ackd
