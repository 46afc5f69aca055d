// What a profile lets its merchants choose: the options it declares itself, and three that every profile has for
// merchants whose servers answer not quite as they should: ack_trim, ack_contains and ack_any_case ("true" loosens,
// "false" leaves the profile's rule as it is).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/merchant.h"
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

// Every declared option with the merchant's choice or its default: what {option.NAME} stands for.
Result<std::map<std::string, std::string>> resolved_options(const Profile& profile, const Merchant& merchant);

}  // namespace ackd
