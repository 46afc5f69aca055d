// A received request from a file, as people have it: copied from a log, caught with nc, or printed by `ackctl render`.
#pragma once

#include <string_view>

#include "base/result.h"
#include "profile/received_request.h"

namespace ackd {

// Either {"method","url","headers":{...},"body" or "body_base64"} (other members are not looked at), or the text of an
// HTTP/1 request: a request line, headers, a blank line and the body, with LF or CRLF. The body ends where
// Content-Length says, so that a line end which a file's editor added does not count. Errors say what is wrong.
Result<ReceivedRequest> parse_request_file(std::string_view text);

}  // namespace ackd
