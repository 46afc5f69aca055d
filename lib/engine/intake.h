// The first step of a notification's life: from what a platform said to an Admission, everything fixed and checked.
// Pure but for its lookups; nothing is recorded yet, so a refusal here costs nothing.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "model/content.h"
#include "model/merchant.h"
#include "outbox/outbox.h"
#include "profile/catalogue.h"

namespace ackd {

// One notification as the platform hands it over (the fields of POST /v1/notifications).
struct IntakeRequest {
  std::string provider;
  std::string merchant;
  Fields fields;     // in the order given; numbers as their own tokens
  std::string body;  // raw body instead of fields, for protocols that have one
  std::string type;
  std::string url;  // override of the merchant's URL, or empty
  std::string key;  // idempotency key, or empty for the profile's identity
  std::optional<WallTime> not_before;
  Fields tags;
};

class Intake {
 public:
  // Both must outlive the intake.
  Intake(const ProfileCatalogue& catalogue, const MerchantDirectory& merchants);

  // Errors name the field that is at fault. The id is left 0: the engine gives it when the admission enters a batch.
  Result<Admission> admit(const IntakeRequest& request, EngineTime now) const;

 private:
  const ProfileCatalogue& catalogue_;
  const MerchantDirectory& merchants_;
};

}  // namespace ackd
