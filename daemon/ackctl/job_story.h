// Jobs as texts, and following one to its end.
#pragma once

#include <cstdint>
#include <string>

#include "ackctl/client.h"
#include "ackctl/document.h"
#include "ackctl/stop_signals.h"
#include "ackctl/verb.h"

namespace ackd {

// "1,234,567".
std::string grouped(std::uint64_t number);

// "state=pending, merchant=499800"; "everything" for an empty filter.
std::string filter_text(const Document& job);

// "job 7  done  1,000 matched, 998 cancelled, 2 refused"; printable, without a line end.
std::string outcome_text(const Document& job);

// 0 when everything that matched was changed, 1 when something was refused or the job was stopped.
ExitCode outcome_code(const Document& job);

// Requests about jobs: the daemon's document, or its refusal as an error.
Result<Document> start_job(Client& client, const Document& wanted);
Result<Document> read_job(Client& client, const std::string& id);
Result<Document> stop_job(Client& client, const std::string& id);

// Asks until the job has ended or a stop signal came, and returns it as it is then. On a terminal one line of standard
// error tells how far it has come; `expected` is how many there are to do, 0 when nobody has counted.
Result<Document> follow_job(Client& client, const std::string& id, std::uint64_t expected, const StopSignals& signals,
                            const Session& session);

// follow_job(), and what came of it on standard output. A stop signal leaves the job running and says how to go on.
ExitCode wait_for_job(Client& client, const std::string& id, std::uint64_t expected, const StopSignals& signals,
                      const Session& session);

}  // namespace ackd
