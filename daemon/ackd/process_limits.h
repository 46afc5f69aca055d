// What the process sets up about itself before it opens anything.
#pragma once

#include <cstddef>

namespace ackd {

// Files are for the owner only, a client that hangs up or a limit on the size of files is an error code and not a
// signal, and as many descriptors as the system allows: the transport sizes itself by them. Without memory the process
// ends at once, saying so.
void prepare_process();

// How many descriptors that has given.
std::size_t descriptors_max();

}  // namespace ackd
