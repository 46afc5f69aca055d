// Where one request ends and the next begins must mean the same to everybody who reads the bytes. The HTTP library is
// lenient about it; this refuses, from the list of headers it saw, what two readers could take differently.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "api/problem.h"
#include "model/content.h"

namespace ackd {

// A header as it lies in the library's buffer.
struct HeaderLine {
  std::string_view name;
  std::string_view value;
};

// Whether a request's target, before decoding, is a path that is free of blanks and control characters. A whole URL
// (absolute-form) is for proxies: its host and the header's could differ.
bool is_plain_target(std::string_view target);

// Refused, with 400: lines that end in anything but CR LF, folded lines, and blanks in the request line. The library
// takes a lone CR or LF for the end of a line, which the next reader may not, and says nothing about it; but it parses
// in place and puts a NUL over each byte of a line's end. So where every line ended in CR LF, each header begins two
// NULs behind the last, and four follow the last one. A library that keeps its lines otherwise would have every request
// refused, which no test survives.
// REQUIRES: `version` and `lines` are views into the library's buffer, in the order received.
std::optional<Problem> refuse_lines(std::string_view version, bool plain_target, const std::vector<HeaderLine>& lines);

// Refused, with 403, on TCP: what a browser sends on behalf of a page (Origin, Sec-Fetch-Site), and a Host that is not
// a name of loopback. Any web page may send requests to a port of the machine it is shown on.
std::optional<Problem> refuse_browser(const Fields& headers);

// Refused, each with 400 (and the connection must be closed, since its next byte cannot be trusted): Content-Length
// together with Transfer-Encoding, either of them twice, a length that is not plain digits, a coding other than
// chunked, Transfer-Encoding before HTTP/1.1, more than one Host, a header name that is not a token (blanks before the
// colon), control characters in a value, an Expect that nobody knows how to meet.
std::optional<Problem> refuse_framing(std::string_view version, const Fields& headers);

// A chunked body ends its connection: the library is lenient about the ends of chunk lines too, and what stands behind
// such a body must not be taken for a request. REQUIRES: refuse_framing() found nothing.
bool is_chunked(const Fields& headers);

// The declared length of the body; nothing when none is declared. REQUIRES: refuse_framing() found nothing.
std::optional<std::uint64_t> content_length(const Fields& headers);

// ASCII case is ignored, as names of headers want it.
bool same_name(std::string_view a, std::string_view b);

}  // namespace ackd
