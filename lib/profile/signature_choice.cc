#include "profile/signature_choice.h"

#include <fmt/format.h>

#include <algorithm>

#include "profile/merchant_options.h"
#include "text/nearest_name.h"

namespace ackd {
namespace {

Result<std::string> value_of(const Condition& condition, const Profile& profile, const Merchant& merchant,
                             const Fields& fields) {
  if (!condition.option.empty()) return option_value(profile, merchant, condition.option);
  const std::string* value = find_field(fields, condition.field);
  return value == nullptr ? std::string() : *value;
}

Result<bool> holds(const SignatureVariant& variant, const Profile& profile, const Merchant& merchant,
                   const Fields& fields) {
  for (const Condition& condition : variant.when) {
    const Result<std::string> value = value_of(condition, profile, merchant, fields);
    if (!value) return value.error();
    const auto& wanted = condition.values;
    if (std::find(wanted.begin(), wanted.end(), *value) == wanted.end()) return false;
  }
  return true;
}

// "signType '7', version '5.0.0'": what was decided on.
std::string describe_decision(const Profile& profile, const Merchant& merchant, const Fields& fields) {
  std::vector<std::string> parts;
  for (const SignatureVariant& variant : profile.signature.variants) {
    for (const Condition& condition : variant.when) {
      const Result<std::string> value = value_of(condition, profile, merchant, fields);
      const std::string& name = condition.option.empty() ? condition.field : condition.option;
      const std::string part = fmt::format("{} '{}'", name, value ? *value : std::string());
      if (std::find(parts.begin(), parts.end(), part) == parts.end()) parts.push_back(part);
    }
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::vector<std::string> known_values(const Profile& profile, const Condition& about) {
  std::vector<std::string> known;
  for (const SignatureVariant& variant : profile.signature.variants) {
    for (const Condition& condition : variant.when) {
      if (condition.field != about.field || condition.option != about.option) continue;
      for (const std::string& value : condition.values) {
        if (std::find(known.begin(), known.end(), value) == known.end()) known.push_back(value);
      }
    }
  }
  return known;
}

}  // namespace

Result<const SignatureVariant*> choose_variant(const Profile& profile, const Merchant& merchant, const Fields& fields) {
  for (const SignatureVariant& variant : profile.signature.variants) {
    const Result<bool> fits = holds(variant, profile, merchant, fields);
    if (!fits) return fits.error();
    if (*fits) return &variant;
  }
  const Condition& first = profile.signature.variants.front().when.front();
  return invalid(fmt::format("{} signs no notification with {}; {} may be {}", profile.id,
                             describe_decision(profile, merchant, fields),
                             first.option.empty() ? first.field : first.option, join_or(known_values(profile, first))),
                 first.option.empty() ? first.field : "options." + first.option);
}

}  // namespace ackd
