// What each fuzz_NAME.cc defines, and who calls it: libFuzzer, or replay.cc over the kept inputs.
#pragma once

#include <string_view>

namespace ackd::fuzz {

// Checks everything that the target promises about these bytes; what does not hold ends the program. Returns 0, or -1
// for an input that libFuzzer must not keep.
int try_input(std::string_view bytes);

// The processor time of the slowest input so far, in milliseconds.
double slowest_ms();

}  // namespace ackd::fuzz
