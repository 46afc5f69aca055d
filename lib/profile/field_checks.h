// Whether one field's value is what its rule allows.
#pragma once

#include <string>

#include "base/result.h"
#include "profile/profile.h"

namespace ackd {

// UTF-8 without NUL and within `bytes_max`. Errors name `field`.
Status check_text(const std::string& field, std::string_view value, std::size_t bytes_max);

// REQUIRES: the value is not empty. Length, pattern, unit, list of values, and what the encoding can carry.
Status check_value(const Profile& profile, const FieldRule& rule, const std::string& value);

// What goes onto the wire as a name: printable ASCII that no encoding of pairs treats in its own way.
bool is_field_name(std::string_view text);

}  // namespace ackd
