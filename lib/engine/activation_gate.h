// Whether a merchant may be sent anything but probes: it must be known and, where its protocol asks for activation,
// activated. One answer for admission (which holds), sending (which holds what was pending already when the merchant
// was changed or removed), releasing, and the people who ask.
#pragma once

#include <string>
#include <string_view>

#include "model/activation.h"
#include "model/merchant.h"
#include "profile/catalogue.h"

namespace ackd {

class ActivationGate {
 public:
  // All must outlive the gate.
  ActivationGate(const ProfileCatalogue& catalogue, const MerchantDirectory& merchants, const Activations& activations)
      : catalogue_(catalogue), merchants_(merchants), activations_(activations) {}

  // Whether the provider's protocol asks for activation. Its current profile decides, whatever a notification was
  // admitted under: it is the URL of today that must have proved itself.
  bool applies_to(std::string_view provider) const;

  // The merchant is unverified: its present URL is not the one that acknowledged a probe. The merchant's own URL speaks
  // for all that it is sent, also where a notification brings another one. A merchant that nobody knows is not
  // unverified.
  bool blocks(std::string_view provider, std::string_view merchant) const;

  // Its notifications wait for it: nobody knows it, or it is unverified.
  bool holds(std::string_view provider, std::string_view merchant) const;

  // Why they wait, and what to do. REQUIRES: holds().
  std::string reason(std::string_view provider, std::string_view merchant) const;

 private:
  const ProfileCatalogue& catalogue_;
  const MerchantDirectory& merchants_;
  const Activations& activations_;
};

}  // namespace ackd
