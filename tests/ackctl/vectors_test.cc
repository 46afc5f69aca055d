// The providers' worked examples through the program: `render` makes them, `verify` finds them right as they were
// published, whoever signed them.
#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "ackctl/document.h"
#include "crypto/digest.h"
#include "program.h"
#include "temporary_folder.h"

namespace ackd {
namespace {

constexpr const char* kUrl = "https://m.example/n";

Document all_vectors() {
  std::ifstream stream(ACKD_SOURCE_DIR "/tests/profile/vectors.json");
  return Document::parse(stream, nullptr, false);
}

std::string provider_of(const Document& vector) {
  return text_of(vector, "provider");
}

// Published in an order of the example's own; only what is signed can be compared.
bool has_its_own_order(const Document& vector) {
  const std::string name = provider_of(vector) + "/" + text_of(vector, "name");
  return std::set<std::string>{"bill99/published_v2_md5_empty_fields", "wechat_v2/published_md5",
                               "wechat_v2/published_hmac_sha256", "unionpay/published_v500_query_A",
                               "unionpay/published_v500_query_B"}
             .count(name) > 0;
}

bool is_verified_only(const Document& vector) {
  return flag_of(vector, "verify_only");
}

std::string canonical_of(const Document& vector) {
  const std::string hex = text_of(vector, "canonical_hex");
  return hex.empty() ? text_of(vector, "canonical") : *from_hex(hex);
}

Document options_of(const Document& vector) {
  const Document& inputs = vector["inputs"];
  const std::string provider = provider_of(vector);
  Document options = Document::object();
  if (inputs.contains("signType_signed"))
    options["sign_type_signed"] = flag_of(inputs, "signType_signed") ? "true" : "false";
  if (text_of(inputs, "digest_bytes").starts_with("ISO-8859-1")) options["digest_charset"] = "iso-8859-1";
  for (const char* name : {"v_paymode", "webhook_id"}) {
    if (inputs.contains(name)) options[name] = inputs[name];
  }
  const std::set<std::string> with_charset{"hexi",     "bill99",    "bill99_split", "allinpay",
                                           "payindex", "chinabank", "dinpay"};
  if (with_charset.count(provider) > 0 && text_of(inputs, "charset") != "utf-8") options["charset"] = inputs["charset"];
  if (text_of(vector, "name") == "published_hmac_sha256") options["sign_type"] = "HMAC-SHA256";
  return options;
}

// Headers by name; the signature's too where it goes into one.
std::map<std::string, std::string> headers_of(const Document& vector) {
  const std::string kHeader = " (header)";
  std::map<std::string, std::string> headers;
  const Document pairs = part_of(vector["inputs"], "headers");
  for (const Document& pair : pairs) headers[pair[0]] = pair[1].get<std::string>();
  std::string place = text_of(vector, "signature_field");
  if (place.ends_with(kHeader)) headers[place.substr(0, place.size() - kHeader.size())] = text_of(vector, "signature");
  if (provider_of(vector) == "paypal") {
    headers["PAYPAL-TRANSMISSION-ID"] = text_of(vector["inputs"], "transmission_id");
    headers["PAYPAL-TRANSMISSION-TIME"] = text_of(vector["inputs"], "transmission_time");
  }
  return headers;
}

Document render_input(const Document& vector) {
  const Document& inputs = vector["inputs"];
  Document fields = inputs["fields"];
  Document request = {{"url", kUrl}, {"now", 1735704091}};
  for (const char* name : {"transmission_id", "transmission_time"}) {
    if (inputs.contains(name)) fields.push_back({name, inputs[name]});
  }
  for (const auto& [name, value] : headers_of(vector)) {
    if (name == "webhook-id" || name == "svix-id") fields.push_back({name, value});
    if (name == "Wechatpay-Nonce") request["nonce"] = value;
    if (name.ends_with("imestamp")) request["now"] = std::stoll(value);
  }
  if (inputs["fields"].empty()) request["body"] = vector["wire"];
  request["fields"] = fields;
  request["merchant"] = {{"id", inputs.value("reg_userid", "m")}, {"options", options_of(vector)}};
  if (!text_of(inputs, "key").empty()) request["merchant"]["key"] = inputs["key"];
  if (inputs.contains("private_key_pem")) request["merchant"]["private_key"] = inputs["private_key_pem"];
  return request;
}

TEST_CASE("render prints every vector byte for byte") {
  std::set<std::string> providers;
  for (const Document& vector : all_vectors()) {
    if (is_verified_only(vector)) continue;
    const std::string provider = provider_of(vector);
    const std::string name = text_of(vector, "name");
    CAPTURE(provider);
    CAPTURE(name);
    const ProgramResult result =
        run_ackctl({"render", "--provider", provider, "--request", "-"}, render_input(vector).dump());
    CAPTURE(result.err);
    REQUIRE(result.exit_code == 0);
    const Document out = Document::parse(result.out, nullptr, false);
    const bool is_get = text_of(vector, "method") == "GET";
    const std::string wire = text_of(vector, "wire");
    CHECK(text_of(out, "method") == text_of(vector, "method"));
    const std::string canonical = text_of(out, "canonical");
    CHECK((canonical.empty() ? *from_base64(text_of(out, "canonical_base64")) : canonical) == canonical_of(vector));
    CHECK(text_of(out, "signature") == text_of(vector, "signature"));
    CHECK(out["headers"].contains("Content-Type") == !is_get);
    providers.insert(provider);
    if (has_its_own_order(vector)) continue;
    CHECK(text_of(out, "url") == kUrl + (is_get ? "?" + wire : std::string()));
    CHECK(text_of(out, "body") == (is_get ? "" : wire));
    CHECK_FALSE(out.contains("refused_at_admission"));
  }
  CHECK(providers.size() == 20);
}

// As it came over the wire, in the form in which a log has it.
std::string raw_request(const Document& vector) {
  const bool is_get = text_of(vector, "method") == "GET";
  const std::string wire = text_of(vector, "wire");
  std::string out =
      text_of(vector, "method") + " /n" + (is_get ? "?" + wire : std::string()) + " HTTP/1.1\r\nHost: m\r\n";
  for (const auto& [name, value] : headers_of(vector)) out += name + ": " + value + "\r\n";
  const std::string body = is_get ? "" : wire;
  return out + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body + "\n";
}

TEST_CASE("verify finds every vector right as it was published") {
  const TemporaryFolder folder;
  int verified = 0;
  for (const Document& vector : all_vectors()) {
    const Document& inputs = vector["inputs"];
    const std::string name = provider_of(vector) + "/" + text_of(vector, "name");
    CAPTURE(name);
    std::vector<std::string> arguments{"verify", provider_of(vector), "--request", "-", "--json"};
    const std::string key_file = folder.write("key", text_of(inputs, "key") + "\n");
    const std::string pair =
        inputs.contains("private_key_pem") ? text_of(inputs, "private_key_pem") : text_of(inputs, "public_key_pem");
    const std::string public_file = folder.write("public.pem", pair);
    if (!text_of(inputs, "key").empty()) arguments.insert(arguments.end(), {"--key-file", key_file});
    if (!pair.empty()) arguments.insert(arguments.end(), {"--public-key", public_file});
    arguments.insert(arguments.end(), {"--merchant", inputs.value("reg_userid", "m")});
    const Document options = options_of(vector);
    for (const auto& [option, value] : options.items()) {
      arguments.insert(arguments.end(), {"--option", option + "=" + value.get<std::string>()});
    }
    const ProgramResult result = run_ackctl(arguments, raw_request(vector));
    CAPTURE(result.out);
    CHECK(result.exit_code == 0);
    const Document out = Document::parse(result.out, nullptr, false);
    const std::string canonical = text_of(out, "canonical");
    CHECK((canonical.empty() ? *from_base64(text_of(out, "canonical_base64")) : canonical) == canonical_of(vector));
    CHECK(text_of(out, "signature") == text_of(vector, "signature"));
    ++verified;
  }
  CHECK(verified == 66);
}

}  // namespace
}  // namespace ackd
