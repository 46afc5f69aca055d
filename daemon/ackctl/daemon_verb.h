// A verb that talks to the daemon and to nobody else.
#pragma once

#include "ackctl/client.h"
#include "ackctl/verb.h"

namespace ackd {

class DaemonVerb : public Verb {
 public:
  using Verb::Verb;

  // Finds out where the daemon listens; nothing is connected before the verb's first request.
  ExitCode run(const Session& session) final {
    const auto address = daemon_address(session.options);
    if (!address) return refuse(address.error());
    Client client(*address);
    return run_with(client, session);
  }

 protected:
  virtual ExitCode run_with(Client& client, const Session& session) = 0;
};

}  // namespace ackd
