#include <fmt/format.h>

#include <algorithm>

#include "profile/rendering.h"
#include "text/xml.h"

namespace ackd {
namespace {

// Kept off the wire by the protocol. What a merchant's option keeps off it was left out at admission.
bool stays_home(const FieldRule& rule) {
  return rule.is_sent.fixed() && rule.is_sent.literal == "false";
}

Result<std::string> sealed(const Rendering& rendering, const SealRule& rule, const std::string& plaintext) {
  const auto value_of = [&](const std::string& name) {
    const std::string* value = find_field(rendering.fields, name);
    return value == nullptr ? std::string() : *value;
  };
  const Merchant& merchant = rendering.input.merchant;
  const Error no_key =
      invalid(fmt::format("merchant {}/{} has no key of 32 bytes, and {} seals with one; give the merchant its key",
                          rendering.profile.id, merchant.id, rendering.profile.id),
              "key");
  const auto key = std::find_if(merchant.keys.begin(), merchant.keys.end(),
                                [](const MerchantKey& candidate) { return !candidate.secret.empty(); });
  if (key == merchant.keys.end()) return no_key;
  const Result<std::string> raw = seal_aes_256_gcm(key->secret.reveal(), value_of(rule.nonce_field),
                                                   value_of(rule.associated_data_field), plaintext);
  if (!raw) return no_key;
  return to_text(*raw, DigestForm::kBase64);
}

struct WireField {
  const FieldRule* rule;  // or nullptr for an extra field
  std::string name;
  std::string value;
};

// Everything that goes into the pairs, the XML or the JSON, in the order of the wire.
Result<std::vector<WireField>> wire_fields(const Rendering& rendering, const std::string& signature) {
  const Profile& profile = rendering.profile;
  std::vector<WireField> out;
  out.reserve(profile.fields.size() + rendering.fields.size());
  for (const FieldRule& rule : profile.fields) {
    const std::string* value = find_field(rendering.fields, rule.name);
    if (rule.name == profile.signature.field) value = signature.empty() ? nullptr : &signature;
    if (value == nullptr || stays_home(rule)) continue;
    Result<std::string> bytes = rule.seal ? sealed(rendering, *rule.seal, *value) : Result<std::string>(*value);
    if (!bytes) return bytes.error();
    out.push_back({&rule, rule.name, *std::move(bytes)});
  }
  for (const Field& field : rendering.fields) {
    if (find_field_rule(profile, field.name) == nullptr) out.push_back({nullptr, field.name, field.value});
  }
  const Result<std::string> order =
      resolve(profile.wire_order, profile, rendering.input.merchant, rendering.input.content.fields);
  if (!order) return order.error();
  if (*order == "by_name") {
    std::stable_sort(out.begin(), out.end(), [](const WireField& a, const WireField& b) { return a.name < b.name; });
  }
  return out;
}

Result<Fields> wire_pairs(const Rendering& rendering, const std::string& signature) {
  Result<std::vector<WireField>> fields = wire_fields(rendering, signature);
  if (!fields) return fields.error();
  Fields pairs;
  pairs.reserve(fields->size());
  for (WireField& field : *fields) pairs.push_back({std::move(field.name), std::move(field.value)});
  return pairs;
}

Result<std::string> json_body(const Rendering& rendering, const std::string& signature) {
  Result<std::vector<WireField>> fields = wire_fields(rendering, signature);
  if (!fields) return fields.error();
  std::vector<JsonPart> parts;
  for (WireField& field : *fields) {
    const bool listed = field.rule != nullptr;
    parts.push_back({listed ? field.rule->pointer : JsonPointer{{field.name}},
                     listed ? field.rule->form : JsonForm::kString, std::move(field.value)});
  }
  return json_encode(parts);
}

Result<std::string> whole_body(const Rendering& rendering) {
  const std::string& body = rendering.input.content.body;
  const BodyRule& rule = rendering.profile.body;
  const Result<std::string> wrap =
      resolve(rule.wrap, rendering.profile, rendering.input.merchant, rendering.input.content.fields);
  if (!wrap || *wrap == "{body}") return wrap ? Result<std::string>(body) : wrap;
  const Result<Template> pieces = parse_template(*wrap, TemplatePlace::kWrap);
  if (!pieces) return pieces.error();
  TemplateFacts facts;
  facts.body = body;
  facts.space = rendering.space;
  return expand(*pieces, facts);
}

Result<std::string> content_type(const Rendering& rendering) {
  const Profile& profile = rendering.profile;
  const Result<std::string> text =
      resolve(profile.content_type, profile, rendering.input.merchant, rendering.input.content.fields);
  if (!text) return text;
  const auto pieces = profile.content_types.find(*text);
  CHECK_THAT(pieces != profile.content_types.end(), "every outcome of the choice was parsed with the profile");
  return expand(pieces->second, rendering.facts());
}

// What a header carries must not be able to end it.
Status check_header(const Rendering& rendering, const Field& header) {
  const bool clean = std::all_of(header.value.begin(), header.value.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (clean) return Done{};
  return invalid(fmt::format("{}: the header {} would hold a character that is not printable ASCII",
                             rendering.profile.id, header.name),
                 header.name);
}

}  // namespace

Result<std::string> build_pairs(const Rendering& rendering, const std::string& signature) {
  const Result<Fields> pairs = wire_pairs(rendering, signature);
  if (!pairs) return pairs.error();
  return form_encode(*pairs, rendering.space);
}

Result<std::string> build_body(const Rendering& rendering, const std::string& signature) {
  if (!rendering.input.content.body.empty()) return whole_body(rendering);
  switch (rendering.profile.encoding) {
    case Encoding::kQuery: return std::string();
    case Encoding::kForm:
    case Encoding::kRawPairs: return build_pairs(rendering, signature);
    case Encoding::kJson: return json_body(rendering, signature);
    case Encoding::kXml: {
      const Result<Fields> pairs = wire_pairs(rendering, signature);
      if (!pairs) return pairs.error();
      return xml_encode(rendering.profile.xml_root, *pairs, rendering.profile.xml_cdata);
    }
    case Encoding::kRaw: break;
  }
  return whole_body(rendering);
}

Result<Fields> build_headers(const Rendering& rendering, const std::string& signature, std::string_view body) {
  const Profile& profile = rendering.profile;
  Fields headers;
  if (profile.encoding != Encoding::kQuery) {
    Result<std::string> type = content_type(rendering);
    if (!type) return type.error();
    headers.push_back({"Content-Type", *std::move(type)});
  }
  TemplateFacts facts = rendering.facts();
  facts.signatures = signature;
  facts.body = body;
  for (const HeaderRule& rule : profile.headers) {
    std::string value = expand(rule.value, facts);
    headers.push_back({rule.name, value.empty() ? expand(rule.otherwise, facts) : std::move(value)});
  }
  if (!profile.signature.header.empty()) headers.push_back({profile.signature.header, signature});
  std::erase_if(headers, [](const Field& header) { return header.value.empty(); });
  for (const Field& header : headers) {
    if (const Status clean = check_header(rendering, header); !clean) return clean.error();
  }
  return headers;
}

}  // namespace ackd
