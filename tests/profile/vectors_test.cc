// The providers' worked examples (vectors.json), byte for byte: canonical text, signature, its place, and the wire.
// Entries whose `source` says so were signed by somebody else; the others were computed by code that has nothing to do
// with ackd.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "crypto/digest.h"
#include "profile/merchant_options.h"
#include "shipped_profiles.h"
#include "text/form_encoding.h"
#include "text/xml.h"

namespace ackd {
namespace {

using nlohmann::json;

std::vector<json> vectors() {
  std::ifstream stream(ACKD_SOURCE_DIR "/tests/profile/vectors.json");
  return json::parse(stream).get<std::vector<json>>();
}

std::string name_of_vector(const json& vector) {
  return vector["provider"].get<std::string>() + "/" + vector["name"].get<std::string>();
}

std::string text_of(const json& inputs, const char* name) {
  return inputs.contains(name) && inputs[name].is_string() ? inputs[name].get<std::string>() : std::string();
}

// Their fields were published in an order of the example's own, so the wire is compared as a set of pairs. The first is
// a response that its publisher keeps as a hash map; the others are requests of a merchant, which the protocol signs
// alike.
bool has_its_own_order(const std::string& name) {
  return name == "bill99/published_v2_md5_empty_fields" || name == "wechat_v2/published_md5" ||
         name == "wechat_v2/published_hmac_sha256" || name == "unionpay/published_v500_query_A" ||
         name == "unionpay/published_v500_query_B";
}

// Requests of a merchant lack fields that a notification must have.
bool is_request(const std::string& name) {
  return has_its_own_order(name) && !name.starts_with("bill99/");
}

// Somebody else's signature whose private key nobody has: it is verified over our canonical text.
bool is_verified_only(const json& vector) {
  return vector.value("verify_only", false);
}

// Where the inputs name something that is no field of the wire, it is the merchant's id or option.
Merchant merchant_of_vector(const json& vector) {
  const json& inputs = vector["inputs"];
  Merchant merchant = merchant_of(vector["provider"], text_of(inputs, "key"));
  merchant.keys.front().private_key =
      Secret(is_verified_only(vector) ? throwaway_private_key() : text_of(inputs, "private_key_pem"));
  if (inputs.contains("reg_userid")) merchant.id = inputs["reg_userid"];
  if (inputs.contains("v_paymode")) merchant.options["v_paymode"] = inputs["v_paymode"];
  if (inputs.contains("webhook_id")) merchant.options["webhook_id"] = inputs["webhook_id"];
  if (inputs.contains("signType_signed")) {
    merchant.options["sign_type_signed"] = inputs["signType_signed"].get<bool>() ? "true" : "false";
  }
  if (text_of(inputs, "digest_bytes").starts_with("ISO-8859-1")) merchant.options["digest_charset"] = "iso-8859-1";
  const Profile& profile = shipped_profile(merchant.provider);
  if (find_option(profile, "charset") != nullptr) merchant.options["charset"] = inputs["charset"];
  if (name_of_vector(vector) == "wechat_v2/published_hmac_sha256") merchant.options["sign_type"] = "HMAC-SHA256";
  for (const json& header : inputs.value("headers", json::array())) {
    if (header[0] == "Wechatpay-Serial") merchant.options["serial"] = header[1];
  }
  return merchant;
}

// The instant of the signature, where the protocol signs one. All other examples of the collection were made at the
// same second, in the time zone +08:00; adyen's show it.
WallTime now_of_vector(const json& vector) {
  for (const json& header : vector["inputs"].value("headers", json::array())) {
    const std::string name = header[0];
    if (name.ends_with("imestamp")) return WallTime{std::stoll(header[1].get<std::string>()) * 1'000};
  }
  return WallTime{1'735'704'091'000};
}

Example example_of_vector(const json& vector) {
  const json& inputs = vector["inputs"];
  Example example;
  example.merchant = merchant_of_vector(vector);
  for (const json& field : inputs["fields"]) example.input.fields.push_back({field[0], field[1]});
  for (const char* name : {"transmission_id", "transmission_time"}) {
    if (inputs.contains(name)) example.input.fields.push_back({name, inputs[name]});
  }
  for (const json& header : inputs.value("headers", json::array())) {
    const std::string name = header[0];
    if (name == "webhook-id" || name == "svix-id") example.input.fields.push_back({name, header[1]});
    if (name == "Wechatpay-Nonce") example.nonce = header[1];
  }
  if (inputs["fields"].empty()) {
    example.input.body = vector["wire"];
    example.input.has_body = true;
  }
  example.now = now_of_vector(vector);
  return example;
}

Result<Rendered> render_vector(const json& vector, const Example& example) {
  if (!is_request(name_of_vector(vector))) return render_shipped(example);
  const Profile& profile = shipped_profile(example.merchant.provider);
  const Result<FixedContent> fixed = fix_incomplete_content(profile, example.merchant, example.input);
  if (!fixed) return fixed.error();
  CHECK_FALSE(fixed->missing.empty());
  PrivateKeyCache keys;
  return render(profile, {fixed->content, example.merchant, *parse_url(example.url), example.now, {}}, keys);
}

Result<Rendered> render_vector(const json& vector) {
  return render_vector(vector, example_of_vector(vector));
}

std::string wire_of(const Rendered& rendered) {
  return rendered.request.method == "GET" ? rendered.request.url.query : rendered.request.body;
}

// The pairs by name, but for the signature where the published one cannot be ours.
Fields pairs_of(const std::string& wire, const std::string& without) {
  Fields pairs = wire.starts_with("<xml>") ? *xml_decode(wire) : *form_decode(wire);
  std::erase_if(pairs, [&](const Field& pair) { return pair.name == without; });
  std::sort(pairs.begin(), pairs.end(), [](const Field& a, const Field& b) { return a.name < b.name; });
  return pairs;
}

void check_wire(const json& vector, const Rendered& rendered) {
  if (!has_its_own_order(name_of_vector(vector))) {
    CHECK(wire_of(rendered) == vector["wire"].get<std::string>());
    return;
  }
  const std::string without = is_verified_only(vector) ? vector["signature_field"] : "";
  CHECK(pairs_of(wire_of(rendered), without) == pairs_of(vector["wire"], without));
}

void check_signature(const json& vector, const Rendered& rendered) {
  if (!is_verified_only(vector)) {
    CHECK(rendered.signature == vector["signature"].get<std::string>());
    return;
  }
  const auto key = PublicKey::parse(vector["inputs"]["public_key_pem"].get<std::string>(), Algorithm::kRsaSha1);
  REQUIRE(key);
  const std::string input = to_text(digest(DigestKind::kSha1, rendered.canonical), DigestForm::kHexLower);
  CHECK(input == vector["intermediate_hex"].get<std::string>());
  CHECK(key->verifies(Algorithm::kRsaSha1, input, *from_base64(vector["signature"].get<std::string>()), {}));
}

void check_place(const json& vector, const Rendered& rendered) {
  const std::string kHeader = " (header)";
  std::string place = vector["signature_field"];
  const SignatureRule& rule = shipped_profile(vector["provider"]).signature;
  if (!place.ends_with(kHeader)) {
    CHECK(rule.field == place);
    return;
  }
  place.resize(place.size() - kHeader.size());
  CHECK(rule.header == place);
  CHECK(header_of(rendered, place) == rendered.signature);
  for (const json& header : vector["inputs"].value("headers", json::array())) {
    CHECK(header_of(rendered, header[0].get<std::string>()) == header[1].get<std::string>());
  }
}

TEST_CASE("every vector comes out byte for byte: canonical text, signature, its place, method and wire") {
  std::map<std::string, int> checked;
  for (const json& vector : vectors()) {
    const std::string name = name_of_vector(vector);
    CAPTURE(name);
    CHECK(check_options(shipped_profile(vector["provider"]), merchant_of_vector(vector)));
    const Result<Rendered> rendered = render_vector(vector);
    REQUIRE_MESSAGE(rendered, trouble_of(rendered));
    const std::string canonical = vector.contains("canonical_hex")
                                      ? *from_hex(vector["canonical_hex"].get<std::string>())
                                      : vector["canonical"].get<std::string>();
    CHECK(rendered->canonical == canonical);
    CHECK(rendered->request.method == vector["method"].get<std::string>());
    CHECK(rendered->key_id == "key-1");
    check_signature(vector, *rendered);
    check_wire(vector, *rendered);
    check_place(vector, *rendered);
    ++checked[vector["provider"]];
  }
  CHECK(checked == std::map<std::string, int>{
                       {"adyen", 2},  {"alipay", 2}, {"allinpay", 4}, {"bill99", 10},           {"bill99_legacy", 1},
                       {"github", 2}, {"hexi", 4},   {"ipaynow", 6},  {"bill99_split", 1},      {"chinabank", 3},
                       {"dhpay", 4},  {"dinpay", 3}, {"payindex", 5}, {"standard_webhooks", 2}, {"paypal", 1},
                       {"stripe", 1}, {"svix", 2},   {"unionpay", 7}, {"wechat_v2", 5},         {"wechat_v3", 1}});
}

TEST_CASE("the 2017 gateway's profile signs signType as its vectors do") {
  int checked = 0;
  for (const json& vector : vectors()) {
    if (!vector["inputs"].value("signType_signed", false)) continue;
    Example example = example_of_vector(vector);
    example.merchant.provider = "ipaynow_v1";
    example.merchant.options.clear();
    const Result<Rendered> rendered = render_shipped(example);
    REQUIRE_MESSAGE(rendered, trouble_of(rendered));
    CHECK(rendered->canonical == vector["canonical"].get<std::string>());
    CHECK(wire_of(*rendered) == vector["wire"].get<std::string>());
    ++checked;
  }
  CHECK(checked == 3);
}

TEST_CASE("wechat_v3 seals the vector's plain resource into the vector's body") {
  int checked = 0;
  for (const json& vector : vectors()) {
    if (vector["provider"] != "wechat_v3") continue;
    const json wire = json::parse(vector["wire"].get<std::string>());
    Example example = example_of_vector(vector);
    example.input.body = vector["inputs"]["plaintext"];
    for (const char* name : {"id", "create_time", "event_type", "summary"}) {
      example.input.fields.push_back({name, wire[name]});
    }
    example.input.fields.push_back({"associated_data", vector["inputs"]["associated_data"]});
    example.input.fields.push_back({"resource_nonce", vector["inputs"]["gcm_nonce"]});
    const Result<Rendered> rendered = render_shipped(example);
    REQUIRE_MESSAGE(rendered, trouble_of(rendered));
    CHECK(rendered->request.body == vector["wire"].get<std::string>());
    CHECK(rendered->signature == vector["signature"].get<std::string>());
    ++checked;
  }
  CHECK(checked == 1);
}

TEST_CASE("rendering the same content twice gives the same bytes") {
  for (const json& vector : vectors()) {
    const Rendered first = *render_vector(vector);
    const Rendered second = *render_vector(vector);
    CHECK(wire_of(first) == wire_of(second));
    CHECK(first.signature == second.signature);
    CHECK(first.request.headers == second.request.headers);
  }
}

// The profiles whose templates ask for the time or a nonce, and no others.
bool renews_something(const std::string& provider) {
  for (const char* name : {"standard_webhooks", "svix", "stripe", "wechat_v3"}) {
    if (provider == name) return true;
  }
  return false;
}

TEST_CASE("a later attempt renews the timestamp, nonce and signature where the protocol has them, and nothing else") {
  for (const json& vector : vectors()) {
    const std::string name = name_of_vector(vector);
    CAPTURE(name);
    const Profile& profile = shipped_profile(vector["provider"]);
    const Example example = example_of_vector(vector);
    AdmissionInput input = example.input;
    input.now = example.now;
    const auto fixed = fix_incomplete_content(profile, example.merchant, input);
    REQUIRE(fixed);
    PrivateKeyCache keys;
    const Url url = *parse_url(example.url);
    const auto first = render(profile, {fixed->content, example.merchant, url, example.now, "N1"}, keys);
    const auto later =
        render(profile, {fixed->content, example.merchant, url, example.now + std::chrono::hours(1), "N2"}, keys);
    REQUIRE(first);
    REQUIRE(later);
    CHECK(first->request.body == later->request.body);
    CHECK(first->request.url == later->request.url);
    CHECK((first->signature == later->signature) == !renews_something(vector["provider"]));
    CHECK((first->request.headers == later->request.headers) == !renews_something(vector["provider"]));
  }
}

TEST_CASE("one changed byte of the key changes every signature") {
  int changed = 0;
  for (const json& vector : vectors()) {
    const std::string name = name_of_vector(vector);
    CAPTURE(name);
    Example example = example_of_vector(vector);
    const std::string key = example.merchant.keys.front().secret.reveal();
    if (vector["provider"] == "wechat_v3") continue;  // this key seals; the next test is about it
    for (std::size_t i = 0; i < key.size(); ++i) {
      std::string other = key;
      other[i] = other[i] == '0' ? '1' : '0';  // also a digit of hex and of base64
      example.merchant.keys.front().secret = Secret(other);
      const Result<Rendered> rendered = render_vector(vector, example);
      CHECK((!rendered || rendered->signature != vector["signature"].get<std::string>()));
      ++changed;
    }
  }
  CHECK(changed > 500);
}

TEST_CASE("a resource sealed with another key, nonce or associated data is another text") {
  Example example = example_for("wechat_v3", "0123456789abcdef0123456789ABCDEF",
                                {{"plaintext", "{}"}, {"id", "1"}, {"resource_nonce", "fdasflkja484"}});
  example.merchant.keys.front().private_key = Secret(throwaway_private_key());
  const auto body = [&] { return render_shipped(example)->request.body; };
  const std::string first = body();
  CHECK(body() == first);
  example.merchant.keys.front().secret = Secret("0123456789abcdef0123456789ABCDEG");
  CHECK(body() != first);
  example.merchant.keys.front().secret = Secret("0123456789abcdef0123456789ABCDEF");
  example.input.fields.push_back({"associated_data", "refund"});
  CHECK(body() != first);
}

// Whether the canonical text has the field.
bool is_covered(const Profile& profile, const Merchant& merchant, const Fields& fields, const std::string& name) {
  const FieldRule* rule = find_field_rule(profile, name);
  if (rule != nullptr && *resolve(rule->is_signed, profile, merchant, fields) != "true") return false;
  const CanonicalRule& canonical = profile.signature.variants.front().canonical;
  const auto& listed = canonical.listed;
  return canonical.order != CanonicalOrder::kListed || std::find(listed.begin(), listed.end(), name) != listed.end();
}

TEST_CASE("one changed byte of a signed value changes the signature, of an unsigned one it does not") {
  int changed = 0;
  for (const json& vector : vectors()) {
    const std::string name = name_of_vector(vector);
    const Profile& profile = shipped_profile(vector["provider"]);
    if (vector["inputs"]["fields"].empty()) continue;
    const Rendered before = *render_vector(vector);
    Example example = example_of_vector(vector);
    for (std::size_t i = 0; i < example.input.fields.size(); ++i) {
      Field& field = example.input.fields[i];
      CAPTURE(name);
      CAPTURE(field.name);
      const std::string value = std::exchange(field.value, field.value.empty() ? "1" : "1" + field.value);
      const Result<Rendered> rendered = render_vector(vector, example);
      field.value = value;
      // A value that a limit refuses, or one that chooses the signature.
      if (!rendered || field.name == profile.signature.field) continue;
      CHECK((rendered->signature != before.signature) ==
            is_covered(profile, example.merchant, example.input.fields, field.name));
      ++changed;
    }
  }
  CHECK(changed > 400);
}

}  // namespace
}  // namespace ackd
