// Contract: sending one HTTP request and reporting how it ended. The engine pulls; nothing calls back into it.
//
// Adapters: transport/curl_transport.h (production), the scripted merchants of tests/sim.
#pragma once

#include <cstddef>
#include <vector>

#include "base/time.h"
#include "model/http_request.h"
#include "model/outcome.h"
#include "policy/egress_settings.h"

namespace ackd {

struct TransferStart {
  Ticket ticket = 0;
  HttpRequest request;
  Duration connect_timeout{5'000};  // names, all addresses, and TLS share it
  Duration total_timeout{10'000};
  std::size_t body_bytes_max = 64 * 1024;
  bool status_decides = false;           // finish at complete final headers and drop the body
  std::optional<EgressSettings> egress;  // the merchant's own way out; nothing: as for everybody
  bool verify_server = true;             // false: a loosening of the merchant's is in force
};

class Transport {
 public:
  virtual ~Transport() = default;

  // Whether another transfer may start now, seen from the machine's limits (descriptors). Ceilings by lane and by host
  // are the engine's.
  virtual bool room() const = 0;

  // Starts at once; nothing queues inside. Each start yields exactly one Transfer, also after abort_all().
  // REQUIRES: room(), and a ticket that is not in use.
  virtual void start(TransferStart start) = 0;

  // Moves out what has finished since the last call. When something finishes, the adapter wakes the loop by itself.
  virtual std::vector<Transfer> take_finished() = 0;

  // Ends everything that is running; each transfer reports TransferEnd::kAborted. For the end of a drain.
  virtual void abort_all() = 0;
};

}  // namespace ackd
