// One module owns what a failure means: Outcome is a total function of how the transfer ended, the final status,
// complete headers and the body, written as one table (judge.cc) and tested row by row.
#pragma once

#include <cstdint>

#include "model/outcome.h"
#include "policy/acknowledgement.h"
#include "policy/lane_window.h"

namespace ackd {

// Never looks at clocks or state. What it decides: the class, whether to hold, and a reason for people.
Outcome judge(const Transfer& transfer, const AckRule& rule);

// True when the end means that our side failed and no attempt is used up.
bool is_ours(TransferEnd end);

// What a transfer says about the way to its host, whatever its answer was worth. policy/outage.h counts these.
enum class Contact : std::uint8_t {
  kReached,      // bytes of the host arrived
  kFailed,       // no connection stood: the host is dead, or we are cut off
  kSaysNothing,  // neither: it never came to a connect, or nobody knows how far it came
};

// A request that was sent and never answered says nothing: on a connection that stood before the network was cut it
// ends just like one to a silent merchant.
Contact contact_of(const Transfer& transfer);

// What the request says of its merchant's lane. REQUIRES: the transfer reached the network.
LaneFeedback feedback_of(const Transfer& transfer);

}  // namespace ackd
