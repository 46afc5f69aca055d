// Whether this machine itself has a way to an address. The same error of connect() comes from its own table and from a
// router on the way: the first is our trouble, which uses no attempt up; the second is the receiver's, whose network
// may be gone for good.
#pragma once

#include "policy/egress.h"

namespace ackd {

// Asks the kernel's table; sends nothing. False also when it cannot be asked, for want of a descriptor.
bool has_route(const IpAddress& address);

}  // namespace ackd
