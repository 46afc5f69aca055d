// Whether a merchant may be sent anything but probes. One answer for admission (which holds), sending (which holds what
// was pending already when a URL was changed) and the people who ask.
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
  // for all that it is sent, also where a notification brings another one. A merchant that is not configured any more
  // is not unverified; signing holds what is left of it, with a reason of its own.
  bool blocks(std::string_view provider, std::string_view merchant) const;

  // Why its notifications are held, and what to do. REQUIRES: blocks().
  std::string reason(std::string_view provider, std::string_view merchant) const;

 private:
  const ProfileCatalogue& catalogue_;
  const MerchantDirectory& merchants_;
  const Activations& activations_;
};

}  // namespace ackd
