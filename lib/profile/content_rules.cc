#include "profile/content_rules.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "profile/field_checks.h"
#include "profile/merchant_options.h"
#include "profile/signature_choice.h"
#include "text/charset.h"
#include "text/nearest_name.h"
#include "text/xml.h"

namespace ackd {
namespace {

constexpr std::size_t kExtraFieldsMax = 200;
constexpr std::size_t kSealNonceBytes = 12;

bool is_blank(std::string_view value) {
  return !value.empty() && value.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// '/' separates the parts of a key, so inside a part it is escaped: "a/b" + "c" must not be the key of "a" + "b/c",
// or one order's notification would be taken for another's duplicate.
std::string key_part(std::string_view value) {
  const bool is_plain = value.find('/') == std::string_view::npos && value.find('%') == std::string_view::npos;
  if (is_plain) return std::string(value);
  std::string out;
  out.reserve(value.size());
  for (const char c : value) {
    if (c == '/' || c == '%') {
      out += c == '/' ? "%2F" : "%25";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

// Two posts of one event draw different values, so a drawn value must not tell events apart.
bool is_drawn(const FieldRule& rule) {
  const auto draws = [](const std::optional<Template>& value) {
    return value && (uses(*value, TemplateValue::kRandom) || uses(*value, TemplateValue::kUuid) ||
                     uses(*value, TemplateValue::kNow));
  };
  return draws(rule.fallback) || draws(rule.otherwise);
}

enum class Missing { kRefused, kListed };

// One admission, from what the platform said to what will be sent.
class Fixing {
 public:
  Fixing(const Profile& profile, const Merchant& merchant, const AdmissionInput& input, Missing missing)
      : profile_(profile), merchant_(merchant), input_(input), missing_(missing), given_(input.fields) {}

  Result<FixedContent> run() {
    const auto steps = {&Fixing::fix_type,    &Fixing::check_names,     &Fixing::fix_options, &Fixing::take_body,
                        &Fixing::fix_fields,  &Fixing::add_extras,      &Fixing::check_seals, &Fixing::check_signature,
                        &Fixing::fix_charset, &Fixing::name_the_result, &Fixing::check_sizes};
    for (const auto step : steps) {
      if (const Status done = (this->*step)(); !done) return done.error();
    }
    return std::move(fixed_);
  }

 private:
  Status fix_type() {
    fixed_.type = input_.type.empty() ? profile_.type : input_.type;
    if (profile_.types.empty() || contains(profile_.types, fixed_.type)) return Done{};
    return invalid(fmt::format("{} has no notifications of type '{}'; write {}", profile_.id, fixed_.type,
                               join_or(profile_.types)),
                   "type");
  }

  // Every given field is one that the profile knows, and is given once.
  Status check_names() {
    std::vector<std::string_view> names;
    names.reserve(given_.size());
    for (const Field& field : given_) {
      if (!knows_field(profile_, field.name)) {
        std::vector<std::string> known;
        for (const FieldRule& rule : profile_.fields) known.push_back(rule.name);
        return invalid(fmt::format("{} has no such field{}", profile_.id, did_you_mean(field.name, known)), field.name);
      }
      names.push_back(field.name);
    }
    std::sort(names.begin(), names.end());
    const auto twin = std::adjacent_find(names.begin(), names.end());
    if (twin != names.end()) return invalid("the field is given twice", std::string(*twin));
    return Done{};
  }

  Status fix_options() {
    auto options = resolved_options(profile_, merchant_);
    if (!options) return options.error();
    options_ = *std::move(options);
    return Done{};
  }

  // A raw body is sent as it is, or is one field's value.
  Status take_body() {
    const BodyRule& rule = profile_.body;
    if (input_.body.empty() && !input_.has_body) {
      return rule.required ? Status(invalid("the body is required", "body")) : Done{};
    }
    if (!rule.allowed) {
      return invalid(fmt::format("{} sends fields, not a raw body; give the fields", profile_.id), "body");
    }
    if (const Status valid = check_text("body", input_.body, kContentBytesMax); !valid) return valid;
    Result<JsonValue> json = invalid("");
    if (rule.json || !rule.becomes_field.empty() || draws_from_body()) json = read_json(input_.body);
    if (rule.json && !json) return invalid("the body is not one JSON document: " + json.error().message, "body");
    if (json) take_from_body(*json);
    const bool is_whole =
        rule.becomes_field.empty() || (rule.unless_it_has && json && find(*json, *rule.unless_it_has));
    if (!is_whole) {
      if (find_field(given_, rule.becomes_field) != nullptr)
        return invalid("the field is given twice", rule.becomes_field);
      given_.push_back({rule.becomes_field, input_.body});
      return Done{};
    }
    body_is_whole_ = true;
    fixed_.content.body = input_.body;
    return Done{};
  }

  bool draws_from_body() const {
    return std::any_of(profile_.fields.begin(), profile_.fields.end(),
                       [](const FieldRule& rule) { return rule.from_body.has_value(); });
  }

  void take_from_body(const JsonValue& json) {
    for (const FieldRule& rule : profile_.fields) {
      if (!rule.from_body || find_field(given_, rule.name) != nullptr) continue;
      const JsonValue* value = find(json, *rule.from_body);
      const bool is_scalar =
          value != nullptr &&
          (value->kind == JsonKind::kString || value->kind == JsonKind::kNumber || value->kind == JsonKind::kBoolean);
      if (is_scalar) given_.push_back({rule.name, value->text});
    }
  }

  Status fix_fields() {
    fixed_.content.fields.reserve(given_.size());
    for (const FieldRule& rule : profile_.fields) {
      if (rule.name == profile_.signature.field) continue;
      const std::string* given = find_field(given_, rule.name);
      if (!rule.types.empty() && !contains(rule.types, fixed_.type)) {
        if (given == nullptr) continue;
        return invalid(fmt::format("only notifications of type {} have this field", join_or(rule.types)), rule.name);
      }
      const Result<std::string> sent = resolve(rule.is_sent, profile_, merchant_, given_);
      if (!sent) return sent.error();
      const bool into_body = profile_.encoding == Encoding::kJson && *sent == "true";
      if (body_is_whole_ && into_body) {
        // What was read from the body itself is kept: it names the event, and does not go into the body again.
        if (given == nullptr) continue;
        if (!rule.from_body) {
          return invalid("the field goes into the body, and the body is given as a whole; give one of them", rule.name);
        }
      }
      if (const Status fixed = fix_field(rule, given, *sent == "true"); !fixed) return fixed;
    }
    return Done{};
  }

  Status fix_field(const FieldRule& rule, const std::string* given, bool sent) {
    Result<std::optional<std::string>> value = value_of(rule, given);
    if (!value) return value.error();
    // A field that this merchant never gets is still checked: what the platform sends must not depend on the merchant.
    // Kept off the wire by the merchant's option it is left out; kept off it by the protocol it may still be signed.
    const bool left_out = !sent && !rule.is_sent.fixed();
    if (*value && !left_out) fixed_.content.fields.push_back({rule.name, **std::move(value)});
    return Done{};
  }

  // The value of one field, or nothing when it is left out.
  Result<std::optional<std::string>> value_of(const FieldRule& rule, const std::string* given) {
    using Value = std::optional<std::string>;
    if (rule.constant) {
      if (given != nullptr && *given != *rule.constant) {
        return invalid(fmt::format("the value is fixed: leave it out or give '{}'", *rule.constant), rule.name);
      }
      return Value(rule.constant);
    }
    std::string value = given == nullptr ? drawn_default(rule) : *given;
    if (value.empty()) return empty_value(rule, given != nullptr);
    const std::size_t bytes_max = rule.name == profile_.body.becomes_field ? kContentBytesMax : rule.bytes_max;
    if (const Status valid = check_text(rule.name, value, bytes_max); !valid) return valid.error();
    if (const Status valid = check_value(profile_, rule, value); !valid) return valid.error();
    if (is_blank(value) && rule.blank == EmptyField::kOmit) return empty_value(rule, true);
    return Value(std::move(value));
  }

  Result<std::optional<std::string>> empty_value(const FieldRule& rule, bool given) {
    using Value = std::optional<std::string>;
    if (rule.required && missing_ == Missing::kRefused) {
      return invalid(given ? "the field is required and must not be empty" : "the field is required", rule.name);
    }
    if (rule.required) fixed_.missing.push_back(rule.name);
    return rule.empty == EmptyField::kOmit || rule.required ? Value() : Value("");
  }

  std::string drawn_default(const FieldRule& rule) const {
    if (!rule.fallback) return {};
    const std::string seed = input_.seed + "/" + rule.name;
    TemplateFacts facts;
    facts.merchant = merchant_.id;
    facts.options = &options_;
    facts.now = input_.now;
    facts.zone = profile_.zone;
    facts.seed = seed;
    std::string value = expand(*rule.fallback, facts);
    return value.empty() && rule.otherwise ? expand(*rule.otherwise, facts) : value;
  }

  // Behind the listed fields, in the order given.
  Status add_extras() {
    std::size_t count = 0;
    for (const Field& field : given_) {
      if (find_field_rule(profile_, field.name) != nullptr || field.name == profile_.signature.field) continue;
      const bool is_name =
          is_field_name(field.name) && (profile_.encoding != Encoding::kXml || is_xml_name(field.name));
      if (!is_name) return invalid("this name cannot be a field's", field.name);
      if (++count > kExtraFieldsMax) {
        return Error{ErrorCode::kTooLarge, fmt::format("more than {} extra fields", kExtraFieldsMax), field.name};
      }
      if (field.value.empty()) continue;
      const FieldRule any;
      if (const Status valid = check_text(field.name, field.value, any.bytes_max); !valid) return valid;
      if (const Status valid = check_value(profile_, any, field.value); !valid)
        return Error{valid.error().code, valid.error().message, field.name};
      fixed_.content.fields.push_back(field);
    }
    return Done{};
  }

  Status check_seals() {
    for (const FieldRule& rule : profile_.fields) {
      if (!rule.seal || find_field(fixed_.content.fields, rule.name) == nullptr) continue;
      const std::string* nonce = find_field(fixed_.content.fields, rule.seal->nonce_field);
      if (nonce == nullptr || nonce->size() != kSealNonceBytes) {
        return invalid(fmt::format("the nonce must have exactly {} characters", kSealNonceBytes),
                       rule.seal->nonce_field);
      }
    }
    return Done{};
  }

  Status check_signature() {
    const auto variant = choose_variant(profile_, merchant_, fixed_.content.fields);
    return variant ? Status(Done{}) : Status(variant.error());
  }

  // Every value must be expressible in the charset that it will leave in.
  Status fix_charset() {
    const Result<std::string> name = resolve(profile_.charset, profile_, merchant_, fixed_.content.fields);
    if (!name) return name.error();
    const auto charset = parse_charset(*name);
    if (!charset || *charset == Charset::kUtf8) return Done{};
    for (const Field& field : fixed_.content.fields) {
      const Result<std::string> bytes = from_utf8(field.value, *charset, Unmappable::kRefuse);
      if (!bytes) return Error{bytes.error().code, bytes.error().message, field.name};
    }
    return Done{};
  }

  Status name_the_result() {
    for (const std::string& name : profile_.subject_fields) {
      const std::string* value = find_field(fixed_.content.fields, name);
      if (value == nullptr || value->empty()) continue;
      if (!fixed_.subject.empty()) fixed_.subject.push_back('/');
      fixed_.subject += *value;
    }
    fixed_.key = input_.key.empty() ? identity() : input_.key;
    return Done{};
  }

  std::string identity() const {
    std::vector<std::string> parts;
    bool has_name = false;
    const auto add = [&](const std::string& name) {
      parts.push_back(identity_part(name));
      // A status alone ("paid") names no event, or the second payment without an order number would be taken for the
      // first one's duplicate.
      has_name = has_name || (name != profile_.status_field && !parts.back().empty());
    };
    std::ranges::for_each(profile_.identity_fields, add);
    if (profile_.identity_fields.empty()) {
      std::ranges::for_each(profile_.subject_fields, add);
      parts.push_back(key_part(fixed_.type));
      if (!profile_.status_field.empty()) add(profile_.status_field);
    }
    // Nothing names the event: then the same words are the same event.
    if (!has_name) return "content/" + to_text(digest(DigestKind::kSha256, said()), DigestForm::kHexLower);
    return fmt::format(FMT_COMPILE("{}"), fmt::join(parts, "/"));
  }

  std::string identity_part(const std::string& name) const {
    const FieldRule* rule = find_field_rule(profile_, name);
    const bool given = find_field(given_, name) != nullptr;
    const std::string* value = find_field(fixed_.content.fields, name);
    if (value == nullptr || (!given && rule != nullptr && is_drawn(*rule))) return {};
    return key_part(*value);
  }

  std::string said() const { return fixed_.type + encode({input_.fields, input_.body}); }

  Status check_sizes() {
    if (const Status valid = check_text("type", fixed_.type, kNameBytesMax); !valid) return valid;
    if (const Status valid = check_text("key", fixed_.key, kKeyBytesMax); !valid) return valid;
    if (const Status valid = check_text("subject", fixed_.subject, kKeyBytesMax); !valid) return valid;
    const std::size_t bytes = encoded_bytes(fixed_.content);
    if (bytes <= kContentBytesMax) return Done{};
    return Error{ErrorCode::kTooLarge,
                 fmt::format("the content has {} bytes, more than the limit of {}", bytes, kContentBytesMax), "fields"};
  }

  const Profile& profile_;
  const Merchant& merchant_;
  const AdmissionInput& input_;
  Missing missing_;
  Fields given_;
  std::map<std::string, std::string> options_;
  bool body_is_whole_ = false;
  FixedContent fixed_;
};

}  // namespace

Result<FixedContent> fix_content(const Profile& profile, const Merchant& merchant, const AdmissionInput& input) {
  return Fixing(profile, merchant, input, Missing::kRefused).run();
}

Result<FixedContent> fix_incomplete_content(const Profile& profile, const Merchant& merchant,
                                            const AdmissionInput& input) {
  return Fixing(profile, merchant, input, Missing::kListed).run();
}

Result<AdmissionInput> example_input(const Profile& profile) {
  AdmissionInput input;
  input.type = profile.type;
  for (const FieldRule& rule : profile.fields) {
    if (!rule.types.empty() && !contains(rule.types, profile.type)) continue;
    if (!rule.example.empty()) {
      input.fields.push_back({rule.name, rule.example});
    } else if (rule.required && !rule.fallback && rule.name != profile.body.becomes_field) {
      return invalid(fmt::format("{} has no example for the required field {}; give it `example:` in the profile",
                                 profile.id, rule.name),
                     rule.name);
    }
  }
  input.body = profile.body.example;
  input.has_body = profile.body.allowed && (profile.body.required || !input.body.empty());
  return input;
}

}  // namespace ackd
