// The rules of the protocols that sign a body in headers, on examples other than the vectors; and SM2 and SM3 under a
// profile of the test's own. Every literal was computed with Python's hashlib, hmac and cryptography or the openssl
// command, never with ackd.
#include <algorithm>

#include "crypto/signing.h"
#include "shipped_profiles.h"

namespace ackd {
namespace {

constexpr const char* kBody = "{\"类\":\"付款\",\"n\":1.10}";
constexpr WallTime kNow{1'709'251'199'999};

Rendered rendered(const Example& example) {
  const Result<Rendered> result = render_shipped(example);
  REQUIRE_MESSAGE(result, trouble_of(result));
  return *result;
}

Example body_for(const std::string& provider, const std::string& key, const std::string& body, Fields fields = {}) {
  Example example = example_for(provider, key, std::move(fields));
  example.input.body = body;
  example.input.has_body = true;
  example.now = kNow;
  return example;
}

Error refusal(const Example& example) {
  const auto fixed = fix_content(shipped_profile(example.merchant.provider), example.merchant, example.input);
  REQUIRE_FALSE(fixed);
  return fixed.error();
}

std::string key_of(const Example& example) {
  return fix_content(shipped_profile(example.merchant.provider), example.merchant, example.input)->key;
}

TEST_CASE("standard_webhooks: one signature for each key during a rotation, with or without the prefix") {
  Example example =
      body_for("standard_webhooks", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", kBody, {{"webhook-id", "evt 7"}});
  example.merchant.keys.push_back({"key-2", Secret("ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM="), {}});
  const Rendered out = rendered(example);
  CHECK(out.request.body == kBody);
  CHECK(header_of(out, "webhook-id") == "evt 7");
  CHECK(header_of(out, "webhook-timestamp") == "1709251199");
  CHECK(header_of(out, "webhook-signature") ==
        "v1,iPdjnkWiQJDFOeY/wvoPtD4k72bqZkPmcGQJ8x0YvF4= v1,DUQyooaEnxaWNZSfJeI6tPyWzY8sRlpzCRp8xqjk2KY=");
  CHECK(header_of(out, "Content-Type") == "application/json");
  CHECK(out.key_id == "key-1,key-2");
}

TEST_CASE("standard_webhooks: Ed25519 signs as v1a with the private key") {
  Example example = body_for("standard_webhooks", "", kBody, {{"webhook-id", "evt 7"}});
  example.merchant.keys.front().private_key = Secret("whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
  example.merchant.options["signing"] = "ed25519";
  CHECK(rendered(example).signature ==
        "v1a,2ujrGQfCTtlo84ACbQGHXaYWcNY7mfLsV85M0QN1GLsgnOJ/zvqVd6XG2xiQGzDu7bwXEiTe1/OMIxwHW9sjAQ==");
}

TEST_CASE("standard_webhooks: without an id one is drawn, and the same body twice is one event") {
  Example example = body_for("standard_webhooks", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", kBody);
  const std::string id = header_of(rendered(example), "webhook-id");
  CHECK(id.starts_with("msg_"));
  CHECK(id.size() == 28);
  const std::string key = key_of(example);
  example.input.seed = "another seed";
  CHECK(header_of(rendered(example), "webhook-id") != id);
  CHECK(key_of(example) == key);
  example.input.body = "{}";
  CHECK(key_of(example) != key);
}

TEST_CASE("svix: the same bytes under its own headers") {
  Example example = body_for("svix", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", kBody, {{"svix-id", "evt 7"}});
  example.merchant.keys.push_back({"key-2", Secret("ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM="), {}});
  const Rendered out = rendered(example);
  CHECK(header_of(out, "svix-id") == "evt 7");
  CHECK(header_of(out, "svix-timestamp") == "1709251199");
  CHECK(header_of(out, "svix-signature") ==
        "v1,iPdjnkWiQJDFOeY/wvoPtD4k72bqZkPmcGQJ8x0YvF4= v1,DUQyooaEnxaWNZSfJeI6tPyWzY8sRlpzCRp8xqjk2KY=");
}

TEST_CASE("stripe: one v1 for each key, the whole whsec_ text as key") {
  Example example = body_for("stripe", "whsec_old", kBody);
  example.merchant.keys.push_back({"key-2", Secret("whsec_new"), {}});
  CHECK(header_of(rendered(example), "Stripe-Signature") ==
        "t=1709251199,v1=1e6411906c56d05b30cd91a9fb92e3117810294a3f304024d9d7fd6b41f03d1d,v1=6f15c974441786a566"
        "de9d9f658a0ac0102f93f1a64482e4f2dae19ef099fb10");
  example.merchant.keys.pop_back();
  CHECK(rendered(example).signature.find(",v1=", rendered(example).signature.find("v1=")) == std::string::npos);
}

TEST_CASE("stripe: an event is named by its own id, and one without an id by its words") {
  const auto key = [](const std::string& body) { return key_of(body_for("stripe", "whsec_x", body)); };
  CHECK(key(R"({"id":"evt_1","type":"a"})") == "evt_1/event/a");
  CHECK(key(R"({"type":"a","n":1})") != key(R"({"type":"a","n":2})"));
  CHECK(key(R"({"type":"a","n":1})") == key(R"({"type":"a","n":1})"));
}

TEST_CASE("webhooks that need a body are refused without one, and a merchant without a key is told so") {
  for (const char* provider : {"stripe", "github", "paypal"}) {
    CHECK(refusal(example_for(provider, "k", {})).field == "body");
  }
  const auto unsigned_one = render_shipped(body_for("stripe", "", kBody));
  REQUIRE_FALSE(unsigned_one);
  CHECK(unsigned_one.error().field == "key");
}

TEST_CASE("github: with a form the signature covers the encoded bytes") {
  Example example = body_for("github", "sec", "{\"a\":\"中 +&\"}", {{"event", "push"}, {"delivery", "d-1"}});
  example.merchant.options["content_type"] = "application/x-www-form-urlencoded";
  const Rendered out = rendered(example);
  CHECK(out.request.body == "payload=%7B%22a%22%3A%22%E4%B8%AD+%2B%26%22%7D");
  CHECK(out.canonical == out.request.body);
  CHECK(header_of(out, "X-Hub-Signature-256") ==
        "sha256=89fe810d18063a238d9efbb5ac98d2069f2ea98a5ff34a15abf75e3659aa5adb");
  CHECK(header_of(out, "X-GitHub-Event") == "push");
  CHECK(header_of(out, "X-GitHub-Delivery") == "d-1");
  CHECK(header_of(out, "Content-Type") == "application/x-www-form-urlencoded");
}

TEST_CASE("github: an event's name that could end a header is refused at admission") {
  CHECK(refusal(body_for("github", "sec", "{}", {{"event", "push\r\nX-Evil: 1"}})).field == "event");
}

TEST_CASE("paypal: the CRC-32 of the body, decimal, behind the webhook's id") {
  Example example = body_for("paypal", "", R"({"id":"WH-2","event_type":"PAYMENT.CAPTURE.REFUNDED","x":"é"})",
                             {{"transmission_id", "T-1"}, {"webhook_id", "W-1"}});
  example.merchant.keys.front().private_key = Secret(throwaway_private_key());
  example.merchant.options["cert_url"] = "https://platform.example/cert.pem";
  const Rendered out = rendered(example);
  CHECK(out.canonical == "T-1|2024-02-29T23:59:59Z|W-1|2260783289");
  CHECK(header_of(out, "PAYPAL-TRANSMISSION-SIG") ==
        "hIOAnqIZejJkWXpAvYYuUjUeCqyY1Ov7GOu67mpdWA6uGwGV/tnURbVQGHRH/ImG3oP3Q2WCjRwrh0S8mHEa8kCv6wd3BQAJNBnqgQ"
        "osmV7cSB/Y82R9ntdns9Uanq1vYIk9svWHmY8QrF2VKwETf0wlyyGRJwManFvPgIXE7QB4rhVFl9MOZZgsh0Ji5W4abEgee1+YAsPL"
        "jMhdu3KEElub3JASUfA3ffQ1Vur9s+kJe8jQmAaXJfV/ylWJCrU8cnYZR3ES4cvVoLe8vhfLwlfq01BxCWY01QTFYSpe9OEQMUak/Y"
        "VYUG7ZY3KTRvEpIN4CglOfLd14OCOTAoeDqQ==");
  CHECK(header_of(out, "PAYPAL-TRANSMISSION-TIME") == "2024-02-29T23:59:59Z");
  CHECK(header_of(out, "PAYPAL-CERT-URL") == "https://platform.example/cert.pem");
  CHECK(header_of(out, "PAYPAL-AUTH-ALGO") == "SHA256withRSA");
  CHECK(key_of(example) == "WH-2/event/PAYMENT.CAPTURE.REFUNDED");
}

Example wechat_v3() {
  Example example = body_for("wechat_v3", "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345",
                             R"({"out_trade_no":"T9","attach":"密文","amount":{"total":1}})",
                             {{"id", "EV-9"},
                              {"event_type", "REFUND.SUCCESS"},
                              {"summary", "退款成功"},
                              {"original_type", "refund"},
                              {"associated_data", "refund"},
                              {"resource_nonce", "nonce-12-byt"}});
  example.merchant.keys.front().private_key = Secret(throwaway_private_key());
  example.now = WallTime{1'709'251'200'000};
  example.nonce = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
  return example;
}

TEST_CASE("wechat_v3: the resource is sealed as an independent AES-256-GCM seals it, and signed in headers") {
  const Rendered out = rendered(wechat_v3());
  CHECK(out.request.body ==
        "{\"id\":\"EV-9\",\"create_time\":\"2024-03-01T08:00:00+08:00\",\"resource_type\":\"encrypt-resource\","
        "\"event_type\":\"REFUND.SUCCESS\",\"summary\":\"退款成功\",\"resource\":{\"original_type\":\"refund\",\"al"
        "gorithm\":\"AEAD_AES_256_GCM\",\"ciphertext\":\"Bze9lTLShMlZxmkhF08YnEzMdhOQUBk1xsCZzSs92U3bHRR98Wsa2V"
        "a3vUj/w8e3kgsUjoVQBDk6B/3GA92yOvrj2fmtftrGfb/rug==\",\"associated_data\":\"refund\",\"nonce\":\"nonce-"
        "12-byt\"}}");
  CHECK(header_of(out, "Wechatpay-Signature") ==
        "SxPZ/7gxVj68yeqKI5hVIHO3ck4PsWsV5526j/czuxKCsCwrPtf1X+XLyPWKhb6UCkxR3uD1wtyrnmaW6/3Kky/rnxeMuIcBgfA3Ux"
        "6GxdVnFGJNQ7OWGgdJRKZ4+ozYgN/LEDOikqM8pJhrtGHsnc7xAQit744tx9quwEdkXZZKDmhMI07hm5tAC+hUvjgEZSCMh4Pv+jcW"
        "zNbmzBUoE9xW87F84HfXhKAYo6l6feZUDJlaHiu0/R/2rJBg02RkCcYvB8pcJRsbblmqJXtSB3AtpIchLJZVxcQ/UVzBuqJ7bt42XK"
        "28jJ8btRHg/DJ+fN7qFiJpYoTxiDKJeKwT5g==");
  CHECK(header_of(out, "Wechatpay-Timestamp") == "1709251200");
  CHECK(header_of(out, "Wechatpay-Nonce") == "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345");
  CHECK(header_of(out, "Wechatpay-Signature-Type") == "WECHATPAY2-SHA256-RSA2048");
}

TEST_CASE("wechat_v3: the serial is the merchant's option, else the name of the key") {
  Example example = wechat_v3();
  CHECK(header_of(rendered(example), "Wechatpay-Serial") == "key-1");
  example.merchant.options["serial"] = "5157F09EFDC096DE";
  CHECK(header_of(rendered(example), "Wechatpay-Serial") == "5157F09EFDC096DE");
}

TEST_CASE("wechat_v3: the order number of a plain resource is what operators search by") {
  const Example example = wechat_v3();
  const auto fixed = fix_content(shipped_profile("wechat_v3"), example.merchant, example.input);
  CHECK(fixed->subject == "T9");
  CHECK(fixed->key == "T9//REFUND.SUCCESS");
}

TEST_CASE("wechat_v3: two resources without an order number are two notifications") {
  Example example = wechat_v3();
  example.input.body = R"({"a":1})";
  const std::string key = key_of(example);
  example.input.body = R"({"a":2})";
  CHECK(key_of(example) != key);
}

TEST_CASE("wechat_v3: what is wrong with a resource is refused at admission") {
  Example example = wechat_v3();
  example.input.body = "not JSON";
  CHECK(refusal(example).field == "body");
  example.input.body.clear();
  example.input.has_body = false;
  CHECK(refusal(example).field == "plaintext");
  example = wechat_v3();
  example.input.fields.back().value = "too short";
  CHECK(refusal(example).field == "resource_nonce");
}

TEST_CASE("wechat_v3: a key of another length than 32 bytes is refused with a sentence for the merchant's operator") {
  Example example = wechat_v3();
  example.merchant.keys.front().secret = Secret("short");
  const auto result = render_shipped(example);
  REQUIRE_FALSE(result);
  CHECK(result.error().message.find("32 bytes") != std::string::npos);
}

Example adyen() {
  Example example = example_for("adyen", "00ff10",
                                {{"pspReference", "8"},
                                 {"merchantAccountCode", "Acc:1"},
                                 {"merchantReference", "a\\b:c"},
                                 {"eventCode", "REPORT_AVAILABLE"},
                                 {"success", "true"},
                                 {"operations", R"(["CANCEL","CAPTURE"])"}});
  example.now = WallTime{1'709'251'199'000};
  return example;
}

TEST_CASE("adyen: empty values keep their place, nothing is escaped, the key is hex") {
  const Rendered out = rendered(adyen());
  CHECK(out.canonical == "8::Acc:1:a\\b:c:::REPORT_AVAILABLE:true");
  CHECK(out.signature == "IqBavt0h5bzbqqBP0IN8hZ5lAQrAFsxL7ZD8fy7KB/w=");
  CHECK(
      out.request.body ==
      "{\"live\":\"false\",\"notificationItems\":[{\"NotificationRequestItem\":{\"additionalData\":{\"hmacSignature\":"
      "\"IqBavt0h5bzbqqBP0IN8hZ5lAQrAFsxL7ZD8fy7KB/w=\"},\"eventCode\":\"REPORT_AVAILABLE\","
      "\"eventDate\":\"2024-03-01T07:59:59+08:00\",\"merchantAccountCode\":\"Acc:1\",\"merchantReference\":"
      "\"a\\\\b:c\",\"operations\":[\"CANCEL\",\"CAPTURE\"],\"originalReference\":\"\",\"pspReference\":\"8\","
      "\"success\":\"true\"}}]}");
}

TEST_CASE("adyen: an amount that is no JSON number is refused") {
  Example example = adyen();
  example.input.fields.push_back({"amount.value", "1,130"});
  CHECK(refusal(example).field == "amount.value");
}

TEST_CASE("generic: any fields as JSON, or a body as it is; signed unless the merchant wants none") {
  Example example = example_for("generic", "k", {{"id", "7"}, {"order_no", "T1"}, {"memo", "中"}});
  example.now = kNow;
  CHECK(rendered(example).request.body == R"({"id":"7","order_no":"T1","memo":"中"})");
  CHECK(header_of(rendered(example), "X-Signature") ==
        "sha256=c61964c8d2381d3edefa9358509308b916616f3964f27d3e6207b670c2e0ba06");
  CHECK(header_of(rendered(example), "X-Timestamp") == "1709251199");
  example = body_for("generic", "k", R"({ "free" : [1] })");
  CHECK(rendered(example).request.body == R"({ "free" : [1] })");
  CHECK(rendered(example).signature == "sha256=caaf86c60e44a881c0f0fc757218e2f000991a7fa6edf5a77458928913e60b12");
  example.merchant.options["signing"] = "none";
  example.merchant.keys.clear();
  CHECK(find_field(rendered(example).request.headers, "X-Signature") == nullptr);
}

// No shipped protocol signs with SM2 or SM3 yet; platforms' own profiles may.
Profile small_with(const std::string& algorithm, const std::string& form) {
  std::string text = small_profile_with("algorithm: md5", "algorithm: " + algorithm);
  const std::string kForm = "form: hex_lower";
  text.replace(text.find(kForm), kForm.size(), "form: " + form);
  return *parse_profile(text, "small.yaml");
}

Example small_example() {
  return example_for("small", "secret", {{"order", "T1"}, {"memo", "备 注"}});
}

TEST_CASE("SM3 is the digest that the openssl command computes") {
  const auto out = render_with(small_with("sm3", "hex_lower"), small_example());
  REQUIRE(out);
  CHECK(out->canonical == "kind=N1&memo=备 注&order=T1&state=paid&key=secret");
  CHECK(out->signature == "16296395188842342196599e85416494c8b8db0b659bc543fc5782ab78d70dba");
}

constexpr const char* kSm2PrivateKey = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQgkdAYzk67RSNg7fEV
9lQEUU8nvlwWrWkKwAXSBDVIOvShRANCAAQt2e9okbroSc76YnamIHf5/4feXbaQ
1Q7lRmyscitFsadd0pOVj80PUGShW7Q86pjdJBNbrWigNDt2LzDglUun
-----END PRIVATE KEY-----
)";
constexpr const char* kSm2PublicKey = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAELdnvaJG66EnO+mJ2piB3+f+H3l22
kNUO5UZsrHIrRbGnXdKTlY/ND1BkoVu0POqY3SQTW61ooDQ7di8w4JVLpw==
-----END PUBLIC KEY-----
)";

TEST_CASE("SM2 signs with the usual user id what its public key verifies, and the openssl command's signature too") {
  Example example = small_example();
  example.merchant.keys.front().private_key = Secret(kSm2PrivateKey);
  const auto out = render_with(small_with("sm2_sm3", "base64"), example);
  REQUIRE_MESSAGE(out, trouble_of(out));
  const auto key = PublicKey::parse(kSm2PublicKey, Algorithm::kSm2Sm3);
  REQUIRE(key);
  const auto verifies = [&](const std::string& signature, std::string_view user_id) {
    return key->verifies(Algorithm::kSm2Sm3, out->canonical, *from_base64(signature), user_id);
  };
  CHECK(verifies(out->signature, "1234567812345678"));
  CHECK_FALSE(verifies(out->signature, "another user"));
  CHECK(verifies("MEUCIAnMgD7IbV9kNYICvH1e3WcU0PJPPaeR9CkYs25Ba1rbAiEAjz6A44IpOMscMerc+PAb5lQvG0HoGvdIENzRi6o0o/Y=",
                 "1234567812345678"));
}

}  // namespace
}  // namespace ackd
