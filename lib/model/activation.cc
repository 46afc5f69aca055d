#include "model/activation.h"

#include <utility>

namespace ackd {

Activations::Activations(const std::vector<Activation>& recorded) {
  for (const Activation& activation : recorded) put(activation);
}

void Activations::put(Activation activation) {
  MerchantName merchant = activation.merchant;
  by_merchant_.insert_or_assign(std::move(merchant), std::move(activation));
}

const Activation* Activations::find(std::string_view provider, std::string_view merchant) const {
  const auto found = by_merchant_.find(MerchantName{std::string(provider), std::string(merchant)});
  return found == by_merchant_.end() ? nullptr : &found->second;
}

}  // namespace ackd
