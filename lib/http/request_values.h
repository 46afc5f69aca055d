// What the HTTP library has read of a request's head, as our own values.
#pragma once

#include <microhttpd.h>

#include <string>
#include <vector>

#include "http/request_framing.h"
#include "model/content.h"

namespace ackd {

// Headers, or the decoded query (MHD_GET_ARGUMENT_KIND), in the order received.
Fields fields_of(MHD_Connection* connection, MHD_ValueKind kind);

// Headers where they lie in the library's buffer, which lives as long as the request.
std::vector<HeaderLine> lines_of(MHD_Connection* connection);

// Empty without one.
std::string content_type_of(const Fields& headers);

}  // namespace ackd
