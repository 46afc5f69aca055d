// The providers' worked examples (vectors.json), byte for byte: canonical text, signature and wire. Entries whose
// `source` says so were computed by code that has nothing to do with ackd.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "profile/content_rules.h"
#include "profile/merchant_options.h"
#include "profile/render.h"
#include "shipped_profiles.h"
#include "text/url.h"

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

// What the vector's inputs say about the merchant, as the options that the profiles offer for it.
Merchant merchant_of_vector(const json& vector) {
  const json& inputs = vector["inputs"];
  Merchant merchant = merchant_of(vector["provider"], inputs["key"]);
  if (inputs.contains("signType_signed")) {
    merchant.options["sign_type_signed"] = inputs["signType_signed"].get<bool>() ? "true" : "false";
  }
  if (inputs.value("digest_bytes", "").starts_with("ISO-8859-1")) merchant.options["digest_charset"] = "iso-8859-1";
  return merchant;
}

Result<Rendered> render_vector(const json& vector, const Merchant& merchant) {
  const Profile& profile = shipped_profile(vector["provider"]);
  AdmissionInput input;
  for (const json& field : vector["inputs"]["fields"]) input.fields.push_back({field[0], field[1]});
  const Result<FixedContent> fixed = fix_content(profile, merchant, input);
  if (!fixed) return fixed.error();
  return render(profile, {fixed->content, merchant, *parse_url(merchant.url), {}, 0});
}

std::string wire_of(const Rendered& rendered) {
  return rendered.request.method == "GET" ? rendered.request.url.query : rendered.request.body;
}

TEST_CASE("every vector of the three providers comes out byte for byte") {
  std::map<std::string, int> checked;
  for (const json& vector : vectors()) {
    const std::string name = name_of_vector(vector);
    CAPTURE(name);
    const Merchant merchant = merchant_of_vector(vector);
    CHECK(check_options(shipped_profile(vector["provider"]), merchant));
    const Result<Rendered> rendered = render_vector(vector, merchant);
    REQUIRE_MESSAGE(rendered, (rendered ? std::string() : rendered.error().field + ": " + rendered.error().message));
    CHECK(rendered->canonical == vector["canonical"].get<std::string>());
    CHECK(rendered->signature == vector["signature"].get<std::string>());
    CHECK(rendered->request.method == vector["method"].get<std::string>());
    CHECK(wire_of(*rendered) == vector["wire"].get<std::string>());
    CHECK(shipped_profile(vector["provider"]).signature_field == vector["signature_field"].get<std::string>());
    CHECK(rendered->key_id == "key-1");
    ++checked[vector["provider"]];
  }
  CHECK(checked == std::map<std::string, int>{{"dhpay", 4}, {"ipaynow", 6}, {"payindex", 5}});
}

TEST_CASE("rendering the same content twice gives the same bytes") {
  for (const json& vector : vectors()) {
    const Merchant merchant = merchant_of_vector(vector);
    const Rendered first = *render_vector(vector, merchant);
    const Rendered second = *render_vector(vector, merchant);
    CHECK(wire_of(first) == wire_of(second));
    CHECK(first.signature == second.signature);
  }
}

TEST_CASE("one changed byte of the key changes every signature") {
  for (const json& vector : vectors()) {
    const std::string name = name_of_vector(vector);
    CAPTURE(name);
    Merchant merchant = merchant_of_vector(vector);
    std::string key = merchant.key.secret.reveal();
    for (std::size_t i = 0; i < key.size(); ++i) {
      std::string changed = key;
      changed[i] = changed[i] == 'x' ? 'y' : 'x';
      merchant.key.secret = Secret(changed);
      CHECK(render_vector(vector, merchant)->signature != vector["signature"].get<std::string>());
    }
  }
}

TEST_CASE("one changed byte of a signed value changes the signature, of an unsigned one it does not") {
  for (json vector : vectors()) {
    const std::string name = name_of_vector(vector);
    const Profile& profile = shipped_profile(vector["provider"]);
    const Merchant merchant = merchant_of_vector(vector);
    for (json& field : vector["inputs"]["fields"]) {
      const std::string field_name = field[0];
      CAPTURE(name);
      CAPTURE(field_name);
      const auto rule = std::find_if(profile.fields.begin(), profile.fields.end(),
                                     [&](const FieldRule& r) { return r.name == field_name; });
      REQUIRE(rule != profile.fields.end());
      if (rule->constant || field_name == profile.signature_field) continue;
      const json before = field[1];
      field[1] = before.get<std::string>() + "1";
      const bool same = render_vector(vector, merchant)->signature == vector["signature"].get<std::string>();
      CHECK(same == !rule->is_signed);
      field[1] = before;
    }
  }
}

}  // namespace
}  // namespace ackd
