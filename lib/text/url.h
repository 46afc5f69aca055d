// A merchant's URL, parsed once, kept canonical, and never given to anyone in another spelling.
#pragma once

#include <string_view>

#include "base/result.h"
#include "model/http_request.h"

namespace ackd {

// Refuses: a scheme other than http and https, userinfo, an empty or odd host, port 0 or above 65535, control and
// non-ASCII bytes, blanks, backslashes, more than kUrlBytesMax bytes, as given or canonical. A fragment is dropped: it
// never goes on the wire.
Result<Url> parse_url(std::string_view text);

}  // namespace ackd
