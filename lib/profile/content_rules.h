// Fixing the business content at admission: the profile's fields in its order, constants and defaults filled in, limits
// checked. After this nothing about the content changes, whatever happens to the profile or the merchant.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/content.h"
#include "model/merchant.h"
#include "profile/profile.h"

namespace ackd {

struct AdmissionInput {
  Fields fields{};        // as the platform gave them
  std::string body{};     // raw body, for protocols that have one
  bool has_body = false;  // tells an empty body from none
  std::string type{};     // or empty for the profile's
  std::string key{};      // idempotency key, or empty for the profile's identity
  WallTime now{};         // for generated times
  std::string seed{};     // random bytes, at least 16, for generated identifiers and nonces
};

struct FixedContent {
  Content content;
  std::string type;
  std::string subject;
  std::string key;
  std::vector<std::string> missing;  // required fields that were not given; only from fix_incomplete_content()
};

// Errors name the field. A field that the profile does not know is refused; the signature field is ignored when given,
// because ackd always computes it. A character that the request's charset lacks is refused here.
Result<FixedContent> fix_content(const Profile& profile, const Merchant& merchant, const AdmissionInput& input);

// The same for looking at half-written examples: missing required fields are listed, not refused.
Result<FixedContent> fix_incomplete_content(const Profile& profile, const Merchant& merchant,
                                            const AdmissionInput& input);

// The profile's own examples as a notification, for probes, test sends and benchmarks. Fails when a required field has
// neither example nor default.
Result<AdmissionInput> example_input(const Profile& profile);

}  // namespace ackd
