// Percent-encoding as the payment protocols use it in query strings, forms and raw pairs alike.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/content.h"

namespace ackd {

enum class Space { kPlus, kPercent20 };

// Keeps A-Z a-z 0-9 - _ . and writes a space as told, every other byte as %XX in upper case. With '+' PHP's urlencode
// does the same; merchants that sign what they received depend on nothing more.
std::string percent_encode(std::string_view bytes, Space space = Space::kPlus);

// "name=value&name=value" in the order given, names and values encoded.
std::string form_encode(const Fields& pairs, Space space = Space::kPlus);

// One name or value back to its bytes: '+' is a space. Refuses a '%' without two hex digits behind it.
Result<std::string> percent_decode(std::string_view text);

// The reverse of form_encode(), for reading a received query or form: '+' is a space, pairs keep their order, a name
// without '=' has an empty value, and nothing between two '&' is skipped. Refuses a '%' without two hex digits behind
// it; the result may hold any bytes.
Result<Fields> form_decode(std::string_view text);

}  // namespace ackd
