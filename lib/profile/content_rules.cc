#include "profile/content_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "profile/merchant_options.h"
#include "profile/nearest_name.h"
#include "text/charset.h"

namespace ackd {
namespace {

Error too_large(const std::string& field, const char* what, std::size_t bytes, std::size_t limit) {
  return {ErrorCode::kTooLarge, fmt::format("{} has {} bytes, more than the limit of {}", what, bytes, limit), field};
}

Status check_text(const std::string& field, std::string_view value, std::size_t bytes_max) {
  if (value.size() > bytes_max) return too_large(field, "the value", value.size(), bytes_max);
  if (!is_valid_utf8(value)) return invalid("the value is not valid UTF-8", field);
  if (value.find('\0') != std::string_view::npos) return invalid("the value holds a NUL byte", field);
  return Done{};
}

// Every given field is one that the profile knows, and is given once.
Status check_names(const Profile& profile, const Fields& given) {
  std::vector<std::string> known;
  for (const FieldRule& rule : profile.fields) known.push_back(rule.name);
  std::set<std::string_view> seen;
  for (const Field& field : given) {
    if (std::find(known.begin(), known.end(), field.name) == known.end()) {
      return invalid(fmt::format("{} has no such field{}", profile.id, did_you_mean(field.name, known)), field.name);
    }
    if (!seen.insert(field.name).second) return invalid("the field is given twice", field.name);
  }
  return Done{};
}

// The value of one field, or nothing when it is left out.
Result<std::optional<std::string>> fix_field(const FieldRule& rule, const std::string* given) {
  using Value = std::optional<std::string>;
  if (rule.constant) {
    if (given != nullptr && *given != *rule.constant) {
      return invalid(fmt::format("the value is fixed: leave it out or give '{}'", *rule.constant), rule.name);
    }
    return Value(rule.constant);
  }
  if (given == nullptr && rule.fallback) return Value(rule.fallback);
  const std::string value = given == nullptr ? std::string() : *given;
  if (value.empty() && rule.required) {
    return invalid(given == nullptr ? "the field is required" : "the field is required and must not be empty",
                   rule.name);
  }
  if (value.empty() && rule.empty == EmptyField::kOmit) return Value();
  if (const Status valid = check_text(rule.name, value, rule.bytes_max); !valid) return valid.error();
  return Value(value);
}

Result<bool> leaves_out(const Profile& profile, const Merchant& merchant, const FieldRule& rule) {
  if (rule.sent_option.empty()) return false;
  const Result<std::string> sent = option_value(profile, merchant, rule.sent_option);
  if (!sent) return sent.error();
  return *sent == "false";
}

Result<Fields> fix_fields(const Profile& profile, const Merchant& merchant, const Fields& given) {
  Fields fixed;
  for (const FieldRule& rule : profile.fields) {
    if (rule.name == profile.signature_field) continue;
    // A field that this merchant never gets is still checked: what the platform sends must not depend on the merchant.
    Result<std::optional<std::string>> value = fix_field(rule, find_field(given, rule.name));
    if (!value) return value.error();
    const Result<bool> left_out = leaves_out(profile, merchant, rule);
    if (!left_out) return left_out.error();
    if (*value && !*left_out) fixed.push_back({rule.name, **std::move(value)});
  }
  return fixed;
}

std::string joined(const Fields& fields, const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    const std::string* value = find_field(fields, name);
    if (!out.empty()) out.push_back('/');
    if (value != nullptr) out += *value;
  }
  return out;
}

// '/' separates the parts of a key, so inside a part it is escaped: "a/b" + "c" must not be the key of "a" + "b/c",
// or one order's notification would be taken for another's duplicate.
std::string key_part(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '/' || c == '%') {
      out += c == '/' ? "%2F" : "%25";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string identity(const Profile& profile, const FixedContent& fixed) {
  const auto part_of = [&](const std::string& name) {
    const std::string* value = find_field(fixed.content.fields, name);
    return value == nullptr ? std::string() : key_part(*value);
  };
  std::vector<std::string> parts;
  for (const std::string& name : profile.identity_fields) parts.push_back(part_of(name));
  if (profile.identity_fields.empty()) {
    parts = {key_part(fixed.subject), key_part(fixed.type)};
    if (!profile.status_field.empty()) parts.push_back(part_of(profile.status_field));
  }
  return fmt::format("{}", fmt::join(parts, "/"));
}

Status check_limits(const FixedContent& fixed) {
  if (const Status valid = check_text("type", fixed.type, kNameBytesMax); !valid) return valid.error();
  if (const Status valid = check_text("key", fixed.key, kKeyBytesMax); !valid) return valid.error();
  if (fixed.subject.size() > kKeyBytesMax) {
    return too_large("subject", "the subject", fixed.subject.size(), kKeyBytesMax);
  }
  const std::size_t bytes = encode(fixed.content).size();
  if (bytes > kContentBytesMax) return too_large("fields", "the content", bytes, kContentBytesMax);
  return Done{};
}

}  // namespace

Result<FixedContent> fix_content(const Profile& profile, const Merchant& merchant, const AdmissionInput& input) {
  if (!input.body.empty()) {
    return invalid(fmt::format("{} sends fields, not a raw body; give the fields", profile.id), "body");
  }
  if (const Status known = check_names(profile, input.fields); !known) return known.error();
  Result<Fields> fields = fix_fields(profile, merchant, input.fields);
  if (!fields) return fields.error();

  FixedContent fixed;
  fixed.content.fields = *std::move(fields);
  fixed.type = input.type.empty() ? profile.type : input.type;
  fixed.subject = joined(fixed.content.fields, profile.subject_fields);
  fixed.key = input.key.empty() ? identity(profile, fixed) : input.key;
  if (const Status within = check_limits(fixed); !within) return within.error();
  return fixed;
}

}  // namespace ackd
