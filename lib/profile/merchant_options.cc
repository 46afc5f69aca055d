#include "profile/merchant_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "profile/nearest_name.h"

namespace ackd {
namespace {

constexpr std::array<const char*, 3> kCommonOptions{"ack_trim", "ack_contains", "ack_any_case"};

std::vector<std::string> option_names(const Profile& profile) {
  std::vector<std::string> names(kCommonOptions.begin(), kCommonOptions.end());
  for (const OptionRule& option : profile.options) names.push_back(option.name);
  return names;
}

Status check_value(const Profile& profile, const Merchant& merchant, const std::string& name, const std::string& value,
                   const std::vector<std::string>& values) {
  if (std::find(values.begin(), values.end(), value) != values.end()) return Done{};
  return invalid(fmt::format("merchant {}/{}: the option {} has the value '{}'; the profile knows {}", profile.id,
                             merchant.id, name, value, join_or(values)),
                 "options." + name);
}

}  // namespace

bool is_common_option(std::string_view name) {
  return std::find(kCommonOptions.begin(), kCommonOptions.end(), name) != kCommonOptions.end();
}

const OptionRule* find_option(const Profile& profile, std::string_view name) {
  const auto found = std::find_if(profile.options.begin(), profile.options.end(),
                                  [&](const OptionRule& option) { return option.name == name; });
  return found == profile.options.end() ? nullptr : &*found;
}

Status check_options(const Profile& profile, const Merchant& merchant) {
  for (const auto& [name, value] : merchant.options) {
    const OptionRule* option = find_option(profile, name);
    if (option == nullptr && !is_common_option(name)) {
      const std::vector<std::string> names = option_names(profile);
      const std::string hint = did_you_mean(name, names);
      return invalid(fmt::format("merchant {}/{}: the option '{}' is not known{}", profile.id, merchant.id, name,
                                 hint.empty() ? "; there are " + join_or(names) : hint),
                     "options." + name);
    }
    const Status valid = check_value(profile, merchant, name, value,
                                     option == nullptr ? std::vector<std::string>{"true", "false"} : option->values);
    if (!valid) return valid.error();
  }
  return Done{};
}

Result<std::string> option_value(const Profile& profile, const Merchant& merchant, std::string_view name) {
  const OptionRule* option = find_option(profile, name);
  CHECK_THAT(option != nullptr && !option->values.empty(), "an option that the profile's own check has seen");
  const auto chosen = merchant.options.find(option->name);
  if (chosen == merchant.options.end()) return option->values.front();
  if (const Status valid = check_value(profile, merchant, option->name, chosen->second, option->values); !valid) {
    return valid.error();
  }
  return chosen->second;
}

}  // namespace ackd
