#include "engine/activation_gate.h"

#include <fmt/format.h>

namespace ackd {

bool ActivationGate::applies_to(std::string_view provider) const {
  const Profile* profile = catalogue_.current(provider);
  return profile != nullptr && profile->activation.required;
}

bool ActivationGate::blocks(std::string_view provider, std::string_view merchant) const {
  if (!applies_to(provider)) return false;
  const Merchant* found = merchants_.find(provider, merchant);
  if (found == nullptr) return false;
  const Activation* activation = activations_.find(provider, merchant);
  return activation == nullptr || activation->url != found->url;
}

bool ActivationGate::holds(std::string_view provider, std::string_view merchant) const {
  return merchants_.find(provider, merchant) == nullptr || blocks(provider, merchant);
}

std::string ActivationGate::reason(std::string_view provider, std::string_view merchant) const {
  const Merchant* found = merchants_.find(provider, merchant);
  if (found == nullptr) {
    return fmt::format(
        "merchant {0}/{1} is unknown; once it is added with `ackctl merchant add {0} {1}`, this is released by itself",
        provider, merchant);
  }
  if (found->url.empty()) {
    return fmt::format("merchant {}/{} is not activated: it has no URL that could acknowledge a probe; give it one",
                       provider, merchant);
  }
  const bool changed = activations_.find(provider, merchant) != nullptr;
  return fmt::format(
      "merchant {0}/{1} is not activated: its {2}URL has not acknowledged a probe; run `ackctl merchant probe {0} {1}`",
      provider, merchant, changed ? "changed " : "");
}

}  // namespace ackd
