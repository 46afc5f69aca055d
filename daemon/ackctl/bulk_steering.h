// A steering verb for everything that a filter names: counted first, asked about, then done by a job of the daemon.
#pragma once

#include <string>

#include "ackctl/client.h"
#include "ackctl/document.h"
#include "ackctl/verb.h"

namespace ackd {

struct BulkSteering {
  std::string verb;
  Document filter;  // as POST /v1/jobs takes it
  bool all = false;
  std::string reason;
  bool dry_run = false;  // only counts
  bool yes = false;      // does not ask
  bool no_wait = false;  // prints the job's id and leaves
};

// Without a terminal to ask on, and without `yes`, it is a mistake of usage and nothing is started.
ExitCode steer_by_filter(const BulkSteering& wanted, Client& client, const Session& session);

}  // namespace ackd
