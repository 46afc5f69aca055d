// One run of the real engine on virtual time, decided by a seed: chaos first, then a healthy world in which everything
// must end. Equal seeds give equal trace hashes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "outbox/outbox.h"
#include "profile/catalogue.h"

namespace ackd::sim {

struct Report {
  std::vector<std::string> failures;
  std::uint64_t hash = 0;
  std::uint64_t turns = 0;
  std::uint64_t sends = 0;
  std::uint64_t accepted = 0;
  std::uint64_t crashes = 0;
  std::uint64_t failed_batches = 0;
  std::uint64_t clock_steps = 0;
  std::uint64_t operator_changes = 0;
  std::uint64_t jobs = 0;         // that ended
  std::uint64_t job_changes = 0;  // that they made
  std::uint64_t probes = 0;
  std::uint64_t inbox_rows = 0;
  std::uint64_t inbox_errors = 0;
  std::uint64_t merchant_changes = 0;
  std::uint64_t activations = 0;  // merchants that are activated at the end
  std::uint64_t outages = 0;
  std::uint64_t suspensions = 0;
  std::uint64_t excused = 0;  // failures to connect that used up no attempt
  std::uint64_t reloads = 0;  // of a profile that was changed
  std::uint64_t freezes = 0;
  std::uint64_t slow_names = 0;
  std::uint64_t trials = 0;        // of merchants that fail
  std::uint64_t given_up = 0;      // before their schedule had ended
  std::uint64_t pauses_ended = 0;  // by themselves
  std::uint64_t at_rate = 0;       // requests that used up a rate
  std::uint64_t waits = 0;         // of lanes that others were before
  std::uint64_t virtual_ms = 0;
};

// The named profiles of `folder`, with a copy of the first that asks for activation; without names all of them as they
// are.
ProfileCatalogue load_catalogue(const std::string& folder, const std::vector<std::string>& providers = {});

Report run_seed(std::uint64_t seed, const ProfileCatalogue& catalogue);

// What the engine writes in such a run: the merchants that there are at first, then every batch that changed the
// record.
std::vector<Batch> batches_of_seed(std::uint64_t seed, const ProfileCatalogue& catalogue);

}  // namespace ackd::sim
