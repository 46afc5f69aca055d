// One module owns what a failure means: Outcome is a total function of how the transfer ended, the final status,
// complete headers and the body, written as one table (judge.cc) and tested row by row.
#pragma once

#include "model/outcome.h"
#include "policy/acknowledgement.h"

namespace ackd {

// Never looks at clocks or state. What it decides: the class, whether to hold, and a reason for people.
Outcome judge(const Transfer& transfer, const AckRule& rule);

// True when the end means that our side failed and no attempt is used up.
bool is_ours(TransferEnd end);

}  // namespace ackd
