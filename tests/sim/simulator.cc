#include "sim/simulator.h"

#include <algorithm>

#include "sim/simulation.h"

namespace ackd::sim {
namespace {

// A copy of a shipped profile that asks for activation, so that it does not depend on the shipped ones whether that is
// tried.
Profile with_activation(Profile profile) {
  profile.id = "activated";
  profile.activation.required = true;
  return profile;
}

}  // namespace

ProfileCatalogue load_catalogue(const std::string& folder, const std::vector<std::string>& providers) {
  Result<std::vector<ProfileSource>> sources = load_profiles(folder, {});
  CHECK_THAT(sources.ok(), "the shipped profiles do not load");
  ProfileCatalogue catalogue;
  RevisionId revision;
  for (ProfileSource& source : *sources) {
    const bool wanted = std::find(providers.begin(), providers.end(), source.profile.id) != providers.end();
    if (!providers.empty() && !wanted) continue;
    if (!providers.empty() && source.profile.id == providers.front()) {
      catalogue.set_current(RevisionId{++revision.value}, with_activation(source.profile));
    }
    catalogue.set_current(RevisionId{++revision.value}, std::move(source.profile));
  }
  return catalogue;
}

Report run_seed(std::uint64_t seed, const ProfileCatalogue& catalogue) {
  return Simulation(seed, catalogue).run();
}

std::vector<Batch> batches_of_seed(std::uint64_t seed, const ProfileCatalogue& catalogue) {
  std::vector<Batch> batches(1);
  Simulation simulation(seed, catalogue);
  simulation.tell_batches_to([&](const Batch& batch) {
    if (batch.writes()) batches.push_back(batch);
  });
  simulation.run();
  batches.front().merchants = MerchantImport{simulation.first_merchants(), EngineTime{1}};
  return batches;
}

}  // namespace ackd::sim
