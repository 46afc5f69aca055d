// A request as a command line of curl, for sending it by hand. Pure, so that tests compare texts.
#pragma once

#include <string>
#include <string_view>

#include "ackctl/document.h"

namespace ackd {

// One word of a shell's command line: as it is where that is safe, in '...' where it is plain text, and in $'...' (of
// bash, zsh and ksh) where it holds anything that a terminal obeys or hides. REQUIRES: no NUL, which no argument can
// hold.
std::string shell_word(std::string_view text);

// The document of GET /v1/notifications/{id}/request as a command that sends the same bytes: no globbing, no rewriting
// of the path, no proxy header, no redirect followed. A body that no argument can hold goes through base64 -d and
// standard input. Ends with a line end.
std::string curl_command(const Document& request);

}  // namespace ackd
