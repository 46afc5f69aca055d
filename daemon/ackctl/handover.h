// Hands a batch to the daemon until every notification in it has a final answer. What cannot be answered now (429, 503,
// a lost connection) is sent again, and only that. Sending again is safe, because the daemon recognises what it has
// recorded: by its key, or by the provider's identity.
//
//   post -> results -> recorded: counted        refused: said        not now: kept -> wait -> post what was kept
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ackctl/client.h"
#include "ackctl/document.h"
#include "ackctl/enqueue_batch.h"
#include "ackctl/enqueue_report.h"
#include "ackctl/patience.h"
#include "ackctl/stop_signals.h"
#include "base/clock.h"
#include "base/result.h"

namespace ackd {

class Handover {
 public:
  // All must outlive the handover. `limit` is how long it goes on without any progress.
  Handover(Client& client, Clock& clock, const StopSignals& stop, EnqueueReport& report, Duration limit);

  enum class End { kAnswered, kStopped };

  // An Error, like kStopped, leaves open in `batch` what is not known to be recorded: kUnavailable and kIo when the
  // daemon cannot be reached, kOverloaded when it would not take it in time, anything else when it refuses the request
  // as a whole. A daemon that has never answered is not waited for: most likely the address is wrong.
  Result<End> send(EnqueueBatch& batch);

  // Whether the daemon has answered anything at all.
  bool reached() const { return reached_; }

 private:
  // Why something is to be sent again.
  struct Trouble {
    Error error;
    Duration asked_for{0};
  };

  // What is left to send again stays open; no trouble when nothing is. An Error ends it all.
  Result<std::optional<Trouble>> post(EnqueueBatch& batch);
  Result<std::optional<Trouble>> take_single(const DaemonAnswer& answer, EnqueueBatch& batch);
  Result<std::optional<Trouble>> take_results(const Document& results, EnqueueBatch& batch);
  void limit_answer();

  Client& client_;
  Clock& clock_;
  const StopSignals& stop_;
  EnqueueReport& report_;
  Patience patience_;
  bool reached_ = false;
};

}  // namespace ackd
