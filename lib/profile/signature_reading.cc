// The `signature` section: where the signature goes, and one or several ways to make it.
#include <fmt/format.h>

#include <array>

#include "profile/profile_reading.h"

namespace ackd {
namespace {

constexpr std::array<YamlChoice<CanonicalOrder>, 3> kOrders{
    {{"by_name", CanonicalOrder::kByName}, {"by_pair", CanonicalOrder::kByPair}, {"listed", CanonicalOrder::kListed}}};
constexpr std::array<YamlChoice<bool>, 2> kCases{{{"kept", false}, {"ignored", true}}};
constexpr std::array<YamlChoice<CanonicalParts>, 2> kParts{
    {{"pairs", CanonicalParts::kPairs}, {"values", CanonicalParts::kValues}}};
constexpr std::array<YamlChoice<bool>, 2> kSkipOrKeep{{{"skip", true}, {"keep", false}}};
constexpr std::array<YamlChoice<Algorithm>, 14> kAlgorithms{{{"md5", Algorithm::kMd5},
                                                             {"sha1", Algorithm::kSha1},
                                                             {"sha256", Algorithm::kSha256},
                                                             {"sm3", Algorithm::kSm3},
                                                             {"hmac_md5", Algorithm::kHmacMd5},
                                                             {"hmac_sha1", Algorithm::kHmacSha1},
                                                             {"hmac_sha256", Algorithm::kHmacSha256},
                                                             {"hmac_sha512", Algorithm::kHmacSha512},
                                                             {"hmac_sm3", Algorithm::kHmacSm3},
                                                             {"rsa_sha1", Algorithm::kRsaSha1},
                                                             {"rsa_sha256", Algorithm::kRsaSha256},
                                                             {"sm2_sm3", Algorithm::kSm2Sm3},
                                                             {"ed25519", Algorithm::kEd25519},
                                                             {"none", Algorithm::kNone}}};
constexpr std::array<YamlChoice<DigestForm>, 3> kForms{
    {{"hex_upper", DigestForm::kHexUpper}, {"hex_lower", DigestForm::kHexLower}, {"base64", DigestForm::kBase64}}};
constexpr std::array<YamlChoice<KeyForm>, 3> kKeyForms{
    {{"text", KeyForm::kText}, {"hex", KeyForm::kHex}, {"base64", KeyForm::kBase64}}};
constexpr std::array<YamlChoice<bool>, 2> kKeys{{{"first", false}, {"all", true}}};

const std::vector<std::string> kVariantKeys{"algorithm", "form", "key", "canonical", "input", "user_id", "each"};

std::vector<std::string> with_variant_keys(std::vector<std::string> keys) {
  keys.insert(keys.end(), kVariantKeys.begin(), kVariantKeys.end());
  return keys;
}

// Only what the section says is changed, so that a variant can start from what its section has in common.
void read_canonical(const YamlNode& node, const std::string& path, CanonicalRule& canonical,
                    const ProfileReading& reading) {
  const YamlSection section(
      node, path,
      {"order", "case", "fields", "parts", "separator", "empty", "blank", "prefix", "suffix", "text", "charset"},
      reading.trouble);
  canonical.order = section.choice("order", canonical.order, kOrders);
  canonical.ignore_case = section.choice("case", canonical.ignore_case, kCases);
  canonical.parts = section.choice("parts", canonical.parts, kParts);
  if (section.find("fields") != nullptr) canonical.listed = section.texts("fields");
  canonical.separator = section.text("separator", canonical.separator);
  canonical.skip_empty = section.choice("empty", canonical.skip_empty, kSkipOrKeep);
  canonical.skip_blank = section.choice("blank", canonical.skip_blank, kSkipOrKeep);
  if (section.find("prefix") != nullptr) {
    canonical.prefix = read_template(section, "prefix", "", TemplatePlace::kAroundText);
  }
  if (section.find("suffix") != nullptr) {
    canonical.suffix = read_template(section, "suffix", "", TemplatePlace::kAroundText);
  }
  if (section.find("text") != nullptr) canonical.text = read_template(section, "text", "", TemplatePlace::kText);
  if (section.find("charset") != nullptr) canonical.charset = read_choice(section, "charset", {}, reading);
  if (canonical.text) return;
  if (canonical.order == CanonicalOrder::kListed && canonical.listed.empty()) {
    section.report("fields", "is missing; order is 'listed'");
  }
  if (canonical.order != CanonicalOrder::kListed && !canonical.listed.empty()) {
    section.report("fields", "needs order 'listed'");
  }
}

void read_key(const YamlSection& section, SignatureVariant& variant, const ProfileReading& reading) {
  const YamlNode* node = section.find("key");
  if (node == nullptr) return;
  const YamlSection key(*node, section.path_of("key"), {"form", "prefix"}, reading.trouble);
  variant.key_form = key.choice("form", variant.key_form, kKeyForms);
  variant.key_prefix = key.text("prefix", variant.key_prefix);
}

void read_variant_keys(const YamlSection& section, SignatureVariant& variant, const ProfileReading& reading) {
  variant.algorithm = section.choice("algorithm", variant.algorithm, kAlgorithms);
  variant.form = section.choice("form", variant.form, kForms);
  read_key(section, variant, reading);
  if (const YamlNode* canonical = section.find("canonical")) {
    read_canonical(*canonical, section.path_of("canonical"), variant.canonical, reading);
  }
  if (section.find("input") != nullptr) {
    variant.input = read_template(section, "input", "", TemplatePlace::kSignInput);
  }
  variant.user_id = section.text("user_id", variant.user_id);
  if (section.find("each") != nullptr) variant.each = read_template(section, "each", "", TemplatePlace::kSignature);
}

// "sign_type: RSA", "option.mode: [a, b]".
Condition read_condition(const YamlNode& node, const std::string& path, const ProfileReading& reading) {
  constexpr std::string_view kOption = "option.";
  Condition condition;
  if (node.key.starts_with(kOption)) {
    condition.option = node.key.substr(kOption.size());
  } else {
    condition.field = node.key;
  }
  if (node.kind != YamlNode::Kind::kList) {
    condition.values.push_back(yaml_text(node, path, reading.trouble));
    return condition;
  }
  for (const YamlNode& item : node.items) condition.values.push_back(yaml_text(item, path, reading.trouble));
  return condition;
}

SignatureVariant read_variant(const YamlNode& node, const std::string& path, SignatureVariant variant,
                              const ProfileReading& reading) {
  const YamlSection section(node, path, with_variant_keys({"when"}), reading.trouble);
  if (const YamlNode* when = section.find("when")) {
    if (when->kind != YamlNode::Kind::kMap) section.report("when", "must be a map: {sign_type: RSA}");
    for (const YamlNode& item : when->items) {
      variant.when.push_back(read_condition(item, section.path_of("when." + item.key), reading));
    }
  }
  read_variant_keys(section, variant, reading);
  return variant;
}

}  // namespace

void read_signature(const YamlNode& node, const ProfileReading& reading) {
  const YamlSection section(node, "signature",
                            with_variant_keys({"field", "header", "value", "keys", "joined_by", "variants", "source"}),
                            reading.trouble);
  section.require("source");
  SignatureRule& rule = reading.profile.signature;
  rule.field = section.text("field");
  rule.header = section.text("header");
  rule.value = read_template(section, "value", "{signatures}", TemplatePlace::kHeader);
  rule.all_keys = section.choice("keys", false, kKeys);
  rule.joined_by = section.text("joined_by", ",");
  SignatureVariant common;
  common.input = {{TemplateValue::kCanonical, TemplateFunction::kNone, {}}};
  common.each = {{TemplateValue::kSignature, TemplateFunction::kNone, {}}};
  read_variant_keys(section, common, reading);
  if (section.find("variants") == nullptr) {
    for (const char* key : {"algorithm", "canonical"}) {
      if (common.algorithm != Algorithm::kNone) section.require(key);
    }
    if (section.find("form") == nullptr && common.algorithm != Algorithm::kNone) section.require("form");
    rule.variants.push_back(common);
  }
  for (const YamlNode* item : section.items("variants")) {
    const std::string path = fmt::format("signature.variants[{}]", rule.variants.size());
    rule.variants.push_back(read_variant(*item, path, common, reading));
  }
  read_source(section, "signature", reading);
}

}  // namespace ackd
