#include "profile/choice.h"

#include <fmt/format.h>

#include "profile/merchant_options.h"
#include "text/nearest_name.h"

namespace ackd {
namespace {

std::vector<std::string> keys_of(const std::map<std::string, std::string>& values) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : values) keys.push_back(key);
  return keys;
}

Result<std::string> resolve_option(const Choice& choice, const Profile& profile, const Merchant& merchant) {
  Result<std::string> chosen = option_value(profile, merchant, choice.option);
  if (!chosen || choice.values.empty()) return chosen;
  const auto meant = choice.values.find(*chosen);
  CHECK_THAT(meant != choice.values.end(), "the profile's check has seen that every value of the option is mapped");
  return meant->second;
}

}  // namespace

Choice fixed_choice(std::string literal) {
  Choice choice;
  choice.literal = std::move(literal);
  return choice;
}

std::vector<std::string> outcomes(const Choice& choice, const Profile& profile) {
  std::vector<std::string> out;
  if (choice.fixed()) return {choice.literal};
  for (const auto& [key, value] : choice.values) out.push_back(value);
  if (!choice.option.empty() && choice.values.empty()) {
    const OptionRule* option = find_option(profile, choice.option);
    if (option != nullptr) out = option->values;
  }
  for (const Choice& other : choice.otherwise) {
    for (std::string& value : outcomes(other, profile)) out.push_back(std::move(value));
  }
  return out;
}

Result<std::string> resolve(const Choice& choice, const Profile& profile, const Merchant& merchant,
                            const Fields& fields) {
  if (choice.fixed()) return choice.literal;
  if (!choice.option.empty()) return resolve_option(choice, profile, merchant);
  const std::string* value = find_field(fields, choice.field);
  if (value == nullptr || value->empty()) {
    if (!choice.otherwise.empty()) return resolve(choice.otherwise.front(), profile, merchant, fields);
    return invalid("the field is required: the request depends on it", choice.field);
  }
  const auto meant = choice.values.find(*value);
  if (meant != choice.values.end()) return meant->second;
  return invalid(fmt::format("the value '{}' is not known; write {}", *value, join_or(keys_of(choice.values))),
                 choice.field);
}

}  // namespace ackd
