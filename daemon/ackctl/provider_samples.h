// A profile's own examples made into requests, with keys that are nobody's: what `provider check` tries and `provider
// diff` compares. Pure: equal profiles give equal bytes.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/merchant.h"
#include "profile/content_rules.h"
#include "profile/profile.h"
#include "profile/render.h"

namespace ackd {

struct ProviderSample {
  std::string about;  // "type refund", "option charset=gbk"; empty for the profile's defaults
  Merchant merchant;  // without keys
  AdmissionInput input;
};

// The defaults first, then every other type that has examples, then every value of every option. Fails when a required
// field of the default type has no example.
Result<std::vector<ProviderSample>> samples_of(const Profile& profile);

// Admission and one attempt, with a throwaway key in the form that the profile wants. Private keys are not tried:
// "unsigned" stands where one would sign. Errors name the field.
struct RenderedSample {
  Rendered rendered;
  Merchant merchant;  // with the key
};
Result<RenderedSample> render_sample(const Profile& profile, const ProviderSample& sample);

// Why a merchant could not verify what was rendered, though it has the key; empty when it can, or a private key signs.
std::string verifying_trouble(const Profile& profile, const RenderedSample& sample);

}  // namespace ackd
