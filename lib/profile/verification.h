// Judging a received request as the merchant would: the same rules as rendering.h, run over what arrived. Nothing is
// filled in that the merchant could not know.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/merchant.h"
#include "profile/profile.h"
#include "profile/received_request.h"

namespace ackd {

// A timestamp further away than this is worth a note: merchants of protocols that sign the time refuse it.
inline constexpr Duration kTimestampTolerance{5 * 60 * 1'000};

struct VerificationInput {
  const Profile& profile;
  // Its secrets verify digests, the public halves of its private keys the rest. A URL with pairs of its own tells which
  // pairs are not the provider's.
  const Merchant& merchant;
  const ReceivedRequest& request;
  std::string public_key{};  // instead of private keys: PEM, certificate, or what PublicKey::parse takes
  Fields known{};            // fields that are not sent, and that the merchant knows
  std::optional<std::string> signed_text{};  // the canonical text as the platform says it was
  std::optional<WallTime> now{};             // for the age of a timestamp
};

struct Verification {
  bool verified = false;
  std::string trouble;                // why it is not verified: a sentence
  std::string place;                  // where the signature stands: "the field sign", "the header X-Signature"
  std::string signature;              // what stands there
  std::string key_id;                 // of the key that verified it
  std::string canonical;              // as the merchant builds it from what arrived; may hold the key
  std::string expected;               // the signature place's right value; empty where only a private key could make it
  Fields fields;                      // as they arrived, in UTF-8 where the request's charset allows it
  std::string subject;                // of them
  std::vector<std::string> notes;     // what is odd, and does not decide
  std::vector<std::string> causes;    // "the signature is right ...": with what else it would verify
  bool signed_text_verifies = false;  // the signature is right for `signed_text`
};

// Never fails: what is wrong is in the result. Without `with_causes` nothing is tried beyond the rule itself, which
// keeps the cost of a forged request that of a genuine one.
Verification verify(const VerificationInput& input, bool with_causes);

}  // namespace ackd
