// Who is at the other end of a connection, as the system knows it and not as the request says.
#pragma once

#include <string>

namespace ackd {

// "uid 1000" on a unix socket, the address without its port on TCP ("127.0.0.2", "::1"). What the system does not tell,
// as of a peer that has gone already, is "unknown".
std::string peer_of(int fd);

}  // namespace ackd
