// Fixing the business content at admission: the profile's fields in its order, constants and defaults filled in, limits
// checked. After this nothing about the content changes, whatever happens to the profile or the merchant.
#pragma once

#include <string>

#include "base/result.h"
#include "model/content.h"
#include "model/merchant.h"
#include "profile/profile.h"

namespace ackd {

struct AdmissionInput {
  Fields fields;     // as the platform gave them
  std::string body;  // raw body, for protocols that have one
  std::string type;  // or empty for the profile's
  std::string key;   // idempotency key, or empty for the profile's identity
};

struct FixedContent {
  Content content;
  std::string type;
  std::string subject;
  std::string key;
};

// Errors name the field. A field that the profile does not know is refused; the signature field is ignored when given,
// because ackd always computes it.
Result<FixedContent> fix_content(const Profile& profile, const Merchant& merchant, const AdmissionInput& input);

}  // namespace ackd
