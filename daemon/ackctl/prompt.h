// Questions to a person at the terminal. They stand on standard error, so that standard output stays for answers, and
// are only asked where standard input is a terminal: a script is never left waiting.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace ackd {

// True when somebody can answer: standard input is a terminal.
bool can_ask();

// Asks for yes or no. Only "y" and "yes" are yes; the end of the input is no. REQUIRES: can_ask().
bool confirmed(std::string_view question);

// A secret from standard input. From a terminal it is asked for by name and one line is read while the terminal shows
// nothing of it; otherwise it is the whole input without one newline at its end, as in a key file, whose limit holds.
Result<Secret> read_secret(std::string_view name);

}  // namespace ackd
