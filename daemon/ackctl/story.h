// The text of `ackctl show`: one notification's whole story, from its JSON document. Pure, so that tests compare texts.
#pragma once

#include <string>

#include "ackctl/document.h"
#include "ackctl/terminal.h"

namespace ackd {

// Head, content, each attempt with what came back and why that is not the acknowledgement, what happens next, and what
// an operator can do. Every value of the document is made printable. Ends with a line end.
std::string story_of(const Document& notification, const Terminal& terminal);

// The text of `ackctl why`: the sentence, the facts behind it, and the lane.
std::string reason_of(const Document& why, const Terminal& terminal);

// "2026-03-01 12:00:00.250" of an RFC 3339 time, as the texts and tables show it; times are UTC and the texts say so
// once. Anything else comes back as it is.
std::string shown_time(const std::string& rfc3339);

// "5 a second, 10 at once, used up until 2026-..." of a lane's rate, or of its host's with the prefix "host_"; empty
// where there is none.
std::string rate_text(const Document& lane, const std::string& prefix = {});

}  // namespace ackd
