// What a profile lets its merchants choose: the options it declares itself, and those that every profile has, for
// merchants whose servers are not quite as the protocol supposes:
//   ack_trim, ack_contains, ack_any_case   "true" loosens the acknowledgement, "false" leaves the rule as it is
//   connect_timeout, total_timeout         "5s": instead of the profile's; 100ms to 2m
//   give_up_after                          "3d": instead of the profile's schedule; 1s to kGiveUpMax
//   window                                 "4": requests in flight at once, 1 to kWindowMax
//   rate, rate_burst                       "20": requests a second, and at once after a pause; 0 to kRateMax
// and those of profile/egress_options.h.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "model/merchant.h"
#include "policy/rate_limit.h"
#include "profile/profile.h"

namespace ackd {

// True for the options that every profile has.
bool is_common_option(std::string_view name);

// The declared option of that name, or nullptr.
const OptionRule* find_option(const Profile& profile, std::string_view name);

// Every option of the merchant exists in the profile and has one of its values. Errors name the option in
// Error::field ("options.ack_trim").
Status check_options(const Profile& profile, const Merchant& merchant);

// The merchant's choice, or the option's default. Fails when this revision of the profile does not know the value.
// REQUIRES: the profile declares the option.
Result<std::string> option_value(const Profile& profile, const Merchant& merchant, std::string_view name);

// How long one attempt may take: the merchant's choice, or the profile's. Connecting never gets longer than the whole.
struct Timeouts {
  Duration connect{0};
  Duration total{0};
};
Timeouts timeouts_for(const Profile& profile, const Merchant& merchant);

// How long after its admission, or its not_before, a notification is given up: the merchant's choice, or the profile's.
inline constexpr Duration kGiveUpMax = std::chrono::hours(24 * 365);
std::optional<Duration> give_up_after_for(const Profile& profile, const Merchant& merchant);

// How many requests may be in flight to the merchant; nothing when it chose none.
inline constexpr std::size_t kWindowMax = 4'096;
std::optional<std::size_t> window_of(const Merchant& merchant);

// How many requests may start in a second, in all lanes of the merchant together; nothing when it chose none. A rate of
// zero is no limit, whatever the configuration has.
std::optional<Rate> rate_of(const Merchant& merchant);

// Every declared option with the merchant's choice or its default: what {option.NAME} stands for.
Result<std::map<std::string, std::string>> resolved_options(const Profile& profile, const Merchant& merchant);

}  // namespace ackd
