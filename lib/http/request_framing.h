// Where one request ends and the next begins must mean the same to everybody who reads the bytes. The HTTP library is
// lenient about it; this refuses, from the list of headers it saw, what two readers could take differently.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "api/problem.h"
#include "model/content.h"

namespace ackd {

// Refused, each with 400 (and the connection must be closed, since its next byte cannot be trusted): Content-Length
// together with Transfer-Encoding, either of them twice, a length that is not plain digits, a coding other than
// chunked, Transfer-Encoding before HTTP/1.1, more than one Host, a header name that is not a token (blanks before the
// colon), control characters in a value.
std::optional<Problem> refuse_framing(std::string_view version, const Fields& headers);

// The declared length of the body; nothing when none is declared. REQUIRES: refuse_framing() found nothing.
std::optional<std::uint64_t> content_length(const Fields& headers);

// ASCII case is ignored, as names of headers want it.
bool same_name(std::string_view a, std::string_view b);

}  // namespace ackd
