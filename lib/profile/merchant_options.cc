#include "profile/merchant_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "profile/egress_options.h"
#include "text/charset.h"
#include "text/nearest_name.h"

namespace ackd {
namespace {

constexpr std::size_t kOptionBytesMax = 512;

struct DurationLimits {
  Duration least;
  Duration most;
};
constexpr DurationLimits kTimeoutLimits{Duration(100), std::chrono::minutes(2)};
constexpr DurationLimits kGiveUpLimits{std::chrono::seconds(1), kGiveUpMax};

constexpr std::array<const char*, 3> kFlags{"ack_trim", "ack_contains", "ack_any_case"};
constexpr std::array<const char*, 2> kTimeouts{"connect_timeout", "total_timeout"};
constexpr const char* kGiveUpAfter = "give_up_after";
constexpr const char* kWindow = "window";
constexpr const char* kRate = "rate";
constexpr const char* kRateBurst = "rate_burst";

template <class Names>
bool contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> option_names(const Profile& profile) {
  std::vector<std::string> names(kFlags.begin(), kFlags.end());
  names.insert(names.end(), kTimeouts.begin(), kTimeouts.end());
  names.insert(names.end(), {kGiveUpAfter, kWindow, kRate, kRateBurst});
  names.insert(names.end(), egress_option_names().begin(), egress_option_names().end());
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

std::optional<Duration> read_duration(const std::string& text, const DurationLimits& limits) {
  const Result<Duration> read = parse_duration(text);
  if (!read || *read < limits.least || *read > limits.most) return std::nullopt;
  return *read;
}

struct NumberLimits {
  std::size_t least;
  std::size_t most;
};
constexpr NumberLimits kWindowLimits{1, kWindowMax};
constexpr NumberLimits kRateLimits{0, kRateMax};

std::optional<std::size_t> read_number(const std::string& text, const NumberLimits& limits) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || number < limits.least || number > limits.most) return std::nullopt;
  return number;
}

std::optional<std::size_t> chosen_number(const Merchant& merchant, const char* name, const NumberLimits& limits) {
  const auto chosen = merchant.options.find(name);
  return chosen == merchant.options.end() ? std::nullopt : read_number(chosen->second, limits);
}

bool is_number_option(std::string_view name) {
  return name == kWindow || name == kRate || name == kRateBurst;
}

Status check_number(const Profile& profile, const Merchant& merchant, const std::string& name,
                    const std::string& value) {
  const NumberLimits& limits = name == kWindow ? kWindowLimits : kRateLimits;
  if (!read_number(value, limits)) {
    return refused(profile, merchant, name,
                   fmt::format("has the value '{}'; write a number from {} to {}", value, limits.least, limits.most));
  }
  if (name == kRateBurst && !merchant.options.contains(kRate)) {
    return refused(profile, merchant, name, fmt::format("means nothing without the option {}", kRate));
  }
  return Done{};
}

Status check_common(const Profile& profile, const Merchant& merchant, const std::string& name,
                    const std::string& value) {
  if (contains(kFlags, name)) return check_value(profile, merchant, name, value, {"true", "false"});
  if (is_egress_option(name)) {
    const Status readable = check_egress_option(name, value);
    return readable ? readable : refused(profile, merchant, name, readable.error().message);
  }
  if (is_number_option(name)) return check_number(profile, merchant, name, value);
  const DurationLimits& limits = name == kGiveUpAfter ? kGiveUpLimits : kTimeoutLimits;
  if (read_duration(value, limits)) return Done{};
  return refused(profile, merchant, name,
                 fmt::format("has the value '{}'; write a duration from {} to {}", value, format_duration(limits.least),
                             format_duration(limits.most)));
}

std::optional<Duration> chosen_duration(const Merchant& merchant, const char* name,
                                        const DurationLimits& limits = kTimeoutLimits) {
  const auto chosen = merchant.options.find(name);
  return chosen == merchant.options.end() ? std::nullopt : read_duration(chosen->second, limits);
}

// Where the protocol has one charset, a merchant may say so and no more.
bool states_fixed_charset(const Profile& profile, const std::string& name, const std::string& value) {
  return name == "charset" && profile.charset.fixed() && profile.charset.literal == value;
}

}  // namespace

bool is_common_option(std::string_view name) {
  return contains(kFlags, name) || contains(kTimeouts, name) || name == kGiveUpAfter || is_number_option(name) ||
         is_egress_option(name);
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
    const Status valid = option == nullptr ? check_common(profile, merchant, name, value)
                                           : check_value(profile, merchant, name, value, option->values);
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

Timeouts timeouts_for(const Profile& profile, const Merchant& merchant) {
  Timeouts timeouts{profile.connect_timeout, profile.total_timeout};
  timeouts.total = chosen_duration(merchant, "total_timeout").value_or(timeouts.total);
  timeouts.connect = chosen_duration(merchant, "connect_timeout").value_or(timeouts.connect);
  timeouts.connect = std::min(timeouts.connect, timeouts.total);
  return timeouts;
}

std::optional<Duration> give_up_after_for(const Profile& profile, const Merchant& merchant) {
  const std::optional<Duration> chosen = chosen_duration(merchant, kGiveUpAfter, kGiveUpLimits);
  return chosen ? chosen : profile.schedule.give_up_after;
}

std::optional<std::size_t> window_of(const Merchant& merchant) {
  return chosen_number(merchant, kWindow, kWindowLimits);
}

std::optional<Rate> rate_of(const Merchant& merchant) {
  const std::optional<std::size_t> per_second = chosen_number(merchant, kRate, kRateLimits);
  if (!per_second) return std::nullopt;
  return Rate{*per_second, chosen_number(merchant, kRateBurst, kRateLimits).value_or(0)};
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
