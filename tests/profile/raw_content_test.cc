// Bodies that the platform gives, fields that are welcome without being listed, and what is drawn at admission.
#include <doctest/doctest.h>

#include "profile/content_rules.h"
#include "profile/render.h"
#include "shipped_profiles.h"
#include "text/url.h"

namespace ackd {
namespace {

constexpr const char* kHook = R"(provider: hook
type: payment
types: [payment, refund]
subject: [order]
zone: "+08:00"
request:
  method: POST
  encoding: json
  content_type: application/json
  headers:
    - {name: X-Event, value: "{field.event}"}
  body: {json: true, becomes: resource, unless_it_has: /sealed}
options:
  - {name: with_note, values: ["true", "false"]}
fields:
  - {name: id, default: "evt_{random:8}"}
  - {name: made_at, default: "{now:%Y-%m-%dT%H:%M:%S%z}"}
  - {name: order, sent: false, from_body: /order/no}
  - {name: event, sent: false, default: paid}
  - {name: resource, at: /data/resource, json: raw}
  - {name: note, sent: {option: with_note}}
  - {name: refund_no, types: [refund], required: true}
extra_fields: [x_*]
signature:
  header: X-Signature
  algorithm: hmac_sha256
  form: hex_lower
  canonical: {text: "{body}"}
  source: {inferred: "a test"}
acknowledgement: {match: status_only, source: {inferred: "a test"}}
schedule: {delays: [1m], source: {inferred: "a test"}}
)";

Profile hook() {
  Result<Profile> profile = parse_profile(kHook, "hook.yaml");
  REQUIRE_MESSAGE(profile, (profile ? std::string() : profile.error().message));
  return *std::move(profile);
}

AdmissionInput input_of(Fields fields, std::string body = {}) {
  AdmissionInput input;
  input.fields = std::move(fields);
  input.body = std::move(body);
  input.now = WallTime{1735704091000};
  input.seed = "0123456789abcdef";
  return input;
}

Result<FixedContent> fix(const AdmissionInput& input, const Merchant& merchant = merchant_of("hook", "k")) {
  return fix_content(hook(), merchant, input);
}

std::string refusal(const AdmissionInput& input) {
  const Result<FixedContent> fixed = fix(input);
  return fixed ? "accepted" : fixed.error().field + ": " + fixed.error().message;
}

Rendered rendered(const Content& content, const Merchant& merchant = merchant_of("hook", "k")) {
  PrivateKeyCache keys;
  const Url url = *parse_url("https://m.example/");
  Result<Rendered> out = render(hook(), {content, merchant, url, WallTime{1735704091000}, "N"}, keys);
  REQUIRE_MESSAGE(out, (out ? std::string() : out.error().message));
  return *std::move(out);
}

TEST_CASE("a body becomes its field, and the order number is found inside it") {
  const Result<FixedContent> fixed = fix(input_of({}, R"({"order":{"no":"T1"},"n":1.50})"));
  REQUIRE(fixed);
  CHECK(fixed->subject == "T1");
  CHECK(fixed->key == "T1/payment");
  const std::string id = *find_field(fixed->content.fields, "id");
  CHECK(rendered(fixed->content).request.body == R"({"id":")" + id +
                                                     R"(","made_at":"2025-01-01T12:01:31+08:00","data":{"resource":)" +
                                                     R"({"order":{"no":"T1"},"n":1.50}}})");
}

TEST_CASE("a body that has the named place is sent byte for byte") {
  const std::string body = "{ \"sealed\": true,\n \"order\":{\"no\":7} }";
  const Result<FixedContent> fixed = fix(input_of({}, body));
  REQUIRE(fixed);
  CHECK(fixed->subject == "7");
  CHECK(rendered(fixed->content).request.body == body);
  CHECK(refusal(input_of({{"id", "1"}}, body)).find("id: the field goes into the body") == 0);
}

TEST_CASE("a given field wins over the body's, and a body given twice is refused") {
  CHECK(fix(input_of({{"order", "T9"}}, R"({"order":{"no":"T1"}})"))->subject == "T9");
  CHECK(refusal(input_of({{"resource", "{}"}}, "{}")).find("resource: the field is given twice") == 0);
}

TEST_CASE("a body that is not JSON is refused with the place") {
  CHECK(refusal(input_of({}, "{\"a\":")).find("body: the body is not one JSON document") == 0);
  CHECK(refusal(input_of({}, "{} {}")).find("body:") == 0);
  CHECK(refusal(input_of({}, std::string(100'000, '['))).find("body:") == 0);
  CHECK(refusal(input_of({{"resource", "{]"}})).find("resource: the value must be JSON text") == 0);
}

TEST_CASE("what is drawn is drawn once: equal seeds, equal content; other seeds, other identifiers") {
  const Content first = fix(input_of({{"order", "T1"}}))->content;
  CHECK(first == fix(input_of({{"order", "T1"}}))->content);
  AdmissionInput other = input_of({{"order", "T1"}});
  other.seed = "fedcba9876543210";
  CHECK(*find_field(fix(other)->content.fields, "id") != *find_field(first.fields, "id"));
  CHECK(*find_field(fix(other)->content.fields, "made_at") == *find_field(first.fields, "made_at"));
}

TEST_CASE("without an order number the same words are the same event") {
  const std::string key = fix(input_of({}, R"({"n":1})"))->key;
  CHECK(key.starts_with("content/"));
  CHECK(fix(input_of({}, R"({"n":1})"))->key == key);
  CHECK(fix(input_of({}, R"({"n":2})"))->key != key);
  AdmissionInput refund = input_of({{"refund_no", "R1"}}, R"({"n":1})");
  refund.type = "refund";
  CHECK(fix(refund)->key != key);
}

TEST_CASE("fields belong to types, and unknown types are refused") {
  AdmissionInput refund = input_of({{"order", "T1"}});
  refund.type = "refund";
  CHECK(refusal(refund) == "refund_no: the field is required");
  CHECK(refusal(input_of({{"order", "T1"}, {"refund_no", "R"}})) ==
        "refund_no: only notifications of type refund have this field");
  AdmissionInput other = input_of({});
  other.type = "transfer";
  CHECK(refusal(other) == "type: hook has no notifications of type 'transfer'; write payment or refund");
}

TEST_CASE("extra fields follow the listed ones; others are refused") {
  const Result<FixedContent> fixed = fix(input_of({{"x_b", "2"}, {"order", "T1"}, {"x_a", "1"}, {"x_c", ""}}));
  REQUIRE(fixed);
  CHECK(rendered(fixed->content).request.body.ends_with(R"(,"x_b":"2","x_a":"1"})"));
  CHECK(refusal(input_of({{"y_a", "1"}})).find("y_a: hook has no such field") == 0);
  CHECK(refusal(input_of({{"x_=a", "1"}})).find("x_=a: this name cannot be a field's") == 0);
  CHECK(refusal(input_of({{"x_a", "1"}, {"x_a", "2"}})).find("given twice") != std::string::npos);
  Fields many;
  for (int i = 0; i < 201; ++i) many.push_back({"x_" + std::to_string(i), "1"});
  CHECK(refusal(input_of(many)).find("more than 200 extra fields") != std::string::npos);
}

TEST_CASE("what goes into a header cannot end it") {
  CHECK(refusal(input_of({{"event", "paid\r\nHost: evil"}})).find("event: the value goes into a header") == 0);
  CHECK(refusal(input_of({{"event", "已付"}})).find("event: the value goes into a header") == 0);
  const Content content = fix(input_of({{"event", "refunded"}}))->content;
  CHECK(rendered(content).request.headers.at(1) == Field{"X-Event", "refunded"});
}

TEST_CASE("half-written examples list what is missing instead of being refused") {
  AdmissionInput refund = input_of({{"order", "T1"}});
  refund.type = "refund";
  const Result<FixedContent> fixed = fix_incomplete_content(hook(), merchant_of("hook", "k"), refund);
  REQUIRE(fixed);
  CHECK(fixed->missing == std::vector<std::string>{"refund_no"});
  CHECK_FALSE(fix_incomplete_content(hook(), merchant_of("hook", "k"), input_of({{"y", "1"}})));
}

TEST_CASE("the signature covers the body as it is sent, with the key that is now the merchant's") {
  const Content content = fix(input_of({{"order", "T1"}}))->content;
  const Rendered first = rendered(content);
  CHECK(first.canonical == first.request.body);
  CHECK(first.request.headers.back() == Field{"X-Signature", first.signature});
  const Rendered second = rendered(content, merchant_of("hook", "other"));
  CHECK(second.request.body == first.request.body);
  CHECK(second.signature != first.signature);
}

}  // namespace
}  // namespace ackd
