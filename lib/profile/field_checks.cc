#include "profile/field_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/charset.h"
#include "text/nearest_name.h"
#include "text/xml.h"

namespace ackd {
namespace {

bool in_header(const Profile& profile, const std::string& field) {
  const auto names_field = [&](const Template& pieces) {
    return std::any_of(pieces.begin(), pieces.end(), [&](const TemplatePiece& piece) {
      return piece.value == TemplateValue::kField && piece.argument == field;
    });
  };
  return names_field(profile.signature.value) ||
         std::any_of(profile.headers.begin(), profile.headers.end(),
                     [&](const auto& rule) { return names_field(rule.value) || names_field(rule.otherwise); });
}

bool is_printable_ascii(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

const char* describe(JsonForm form) {
  switch (form) {
    case JsonForm::kNumber: return "a JSON number";
    case JsonForm::kBoolean: return "true or false";
    case JsonForm::kRaw: return "JSON text";
    case JsonForm::kString: break;
  }
  return "a text";
}

Status check_limits(const FieldRule& rule, const std::string& value) {
  if (value.size() < rule.bytes_min) {
    return invalid(fmt::format("the value has {} bytes; it must have at least {}", value.size(), rule.bytes_min),
                   rule.name);
  }
  if (rule.pattern && !rule.pattern->matches(value)) {
    return invalid(fmt::format("the value does not match {}", rule.pattern->text()), rule.name);
  }
  const auto& allowed = rule.values;
  if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
    return invalid("the value is not known; write " + join_or(allowed), rule.name);
  }
  const std::string trouble = rule.unit ? unit_trouble(value, *rule.unit) : std::string();
  if (!trouble.empty()) return invalid(trouble, rule.name);
  return Done{};
}

}  // namespace

Status check_text(const std::string& field, std::string_view value, std::size_t bytes_max) {
  if (value.size() > bytes_max) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("the value has {} bytes, more than the limit of {}", value.size(), bytes_max), field};
  }
  if (!is_valid_utf8(value)) return invalid("the value is not valid UTF-8", field);
  if (value.find('\0') != std::string_view::npos) return invalid("the value holds a NUL byte", field);
  return Done{};
}

Status check_value(const Profile& profile, const FieldRule& rule, const std::string& value) {
  if (const Status limits = check_limits(rule, value); !limits) return limits;
  if (profile.encoding == Encoding::kXml && !is_xml_text(value)) {
    return invalid("the value holds a control character that XML cannot carry", rule.name);
  }
  if (profile.encoding == Encoding::kJson && !rule.seal && !fits(value, rule.form)) {
    return invalid(fmt::format("the value must be {}", describe(rule.form)), rule.name);
  }
  if (in_header(profile, rule.name) && !is_printable_ascii(value)) {
    return invalid("the value goes into a header and must be printable ASCII", rule.name);
  }
  return Done{};
}

bool is_field_name(std::string_view text) {
  const auto fits_wire = [](char c) { return c > ' ' && c <= '~' && c != '=' && c != '&' && c != '%' && c != '+'; };
  return !text.empty() && text.size() <= kNameBytesMax && std::all_of(text.begin(), text.end(), fits_wire);
}

}  // namespace ackd
