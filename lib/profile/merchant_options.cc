#include "profile/merchant_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "text/charset.h"
#include "text/nearest_name.h"

namespace ackd {
namespace {

constexpr std::size_t kOptionBytesMax = 512;

constexpr std::array<const char*, 3> kCommonOptions{"ack_trim", "ack_contains", "ack_any_case"};

std::vector<std::string> option_names(const Profile& profile) {
  std::vector<std::string> names(kCommonOptions.begin(), kCommonOptions.end());
  for (const OptionRule& option : profile.options) names.push_back(option.name);
  return names;
}

Error refused(const Profile& profile, const Merchant& merchant, const std::string& name, const std::string& why) {
  return invalid(fmt::format("merchant {}/{}: the option {} {}", profile.id, merchant.id, name, why),
                 "options." + name);
}

// A free value may go into a header or a signed text: it is one short line.
Status check_free_value(const Profile& profile, const Merchant& merchant, const std::string& name,
                        const std::string& value) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (value.size() > kOptionBytesMax) {
    return refused(profile, merchant, name,
                   fmt::format("has {} bytes, more than the limit of {}", value.size(), kOptionBytesMax));
  }
  if (!is_valid_utf8(value) || std::any_of(value.begin(), value.end(), is_control)) {
    return refused(profile, merchant, name, "must be one line of UTF-8 text");
  }
  return Done{};
}

Status check_value(const Profile& profile, const Merchant& merchant, const std::string& name, const std::string& value,
                   const std::vector<std::string>& values) {
  if (values.empty()) return check_free_value(profile, merchant, name, value);
  if (std::find(values.begin(), values.end(), value) != values.end()) return Done{};
  return refused(profile, merchant, name,
                 fmt::format("has the value '{}'; the profile knows {}", value, join_or(values)));
}

// Where the protocol has one charset, a merchant may say so and no more.
bool states_fixed_charset(const Profile& profile, const std::string& name, const std::string& value) {
  return name == "charset" && profile.charset.fixed() && profile.charset.literal == value;
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
    if (option == nullptr && states_fixed_charset(profile, name, value)) continue;
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
  CHECK_THAT(option != nullptr, "an option that the profile's own check has seen");
  const auto chosen = merchant.options.find(option->name);
  if (chosen == merchant.options.end()) return option->values.empty() ? std::string() : option->values.front();
  if (const Status valid = check_value(profile, merchant, option->name, chosen->second, option->values); !valid) {
    return valid.error();
  }
  return chosen->second;
}

Result<std::map<std::string, std::string>> resolved_options(const Profile& profile, const Merchant& merchant) {
  std::map<std::string, std::string> out;
  for (const OptionRule& option : profile.options) {
    Result<std::string> value = option_value(profile, merchant, option.name);
    if (!value) return value.error();
    out.emplace(option.name, *std::move(value));
  }
  return out;
}

}  // namespace ackd
