// The first step of a notification's life: from what a platform said to an Admission, everything fixed and checked.
// Pure but for its lookups; nothing is recorded yet, so a refusal here costs nothing.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/rng.h"
#include "engine/activation_gate.h"
#include "model/activation.h"
#include "model/content.h"
#include "model/merchant.h"
#include "outbox/outbox.h"
#include "profile/catalogue.h"
#include "profile/content_rules.h"

namespace ackd {

// One notification as the platform hands it over (the fields of POST /v1/notifications).
struct IntakeRequest {
  std::string provider;
  std::string merchant;
  Fields fields;          // in the order given; numbers as their own tokens
  std::string body;       // raw body, for protocols that have one
  bool has_body = false;  // tells an empty body from none
  std::string type;
  std::string url;  // override of the merchant's URL, or empty
  std::string key;  // idempotency key, or empty for the profile's identity
  std::optional<WallTime> not_before;
  Fields tags;
};

// The instant of admission on both scales.
struct IntakeTime {
  EngineTime now;  // what schedules run on
  WallTime wall;   // what a protocol's own times are made of
};

class Intake {
 public:
  // All must outlive the intake. Identifiers and nonces that a profile draws once come from `rng`.
  Intake(const ProfileCatalogue& catalogue, const MerchantDirectory& merchants, const Activations& activations,
         Rng& rng, UnknownMerchant unknown = UnknownMerchant::kRefuse);

  // Errors name the field that is at fault. The id is left 0: the engine gives it when the admission enters a batch.
  // What a merchant is not activated for is admitted as HELD, with what to do about it; so is what is for an unknown
  // merchant, where that is not refused. Its content is fixed with the profile's default options.
  Result<Admission> admit(IntakeRequest request, IntakeTime at) const;

  // The profile's examples as a probe of the merchant's own URL; of a protocol without activation it is a test send.
  // `key` tells this probe from others of the merchant. Errors: kNotFound for an unknown provider or merchant, kInvalid
  // with what to change where there is no URL or no example.
  Result<Admission> probe(const MerchantName& merchant, const std::string& key, IntakeTime at) const;

 private:
  struct Target {
    const Profile* profile = nullptr;
    const Merchant* merchant = nullptr;  // nullptr for an unknown one
  };
  Result<Target> target_of(const std::string& provider, const std::string& merchant) const;
  Error unknown_merchant(const MerchantName& merchant) const;
  Status take_url(const std::string& text, const Merchant* merchant, Notification& n) const;
  Status fix(Notification& n, const Target& target, AdmissionInput input, IntakeTime at) const;

  const ProfileCatalogue& catalogue_;
  const MerchantDirectory& merchants_;
  ActivationGate gate_;
  Rng& rng_;
  UnknownMerchant unknown_;
};

}  // namespace ackd
