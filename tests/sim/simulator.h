// One run of the real engine on virtual time, decided by a seed: chaos first, then a healthy world in which everything
// must end. Equal seeds give equal trace hashes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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
  std::uint64_t virtual_ms = 0;
};

// The shipped profiles of `folder`, as every run uses them.
ProfileCatalogue load_catalogue(const std::string& folder);

Report run_seed(std::uint64_t seed, const ProfileCatalogue& catalogue);

}  // namespace ackd::sim
