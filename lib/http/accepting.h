// Why a client may be waiting at a listening socket: asked of the kernel, because the HTTP library says it only in
// words for people.
#pragma once

namespace ackd {

// Whether a connection has been made that nobody has accepted.
bool somebody_waits(int listening_fd);

// Whether this process can open nothing more. REQUIRES: a descriptor of its own, whichever.
bool out_of_descriptors(int any_fd);

}  // namespace ackd
