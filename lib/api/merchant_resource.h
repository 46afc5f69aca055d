// /v1/merchants: who is known, and whether what is sent to them goes out, is paused, or waits for their URL to
// acknowledge a probe. Keys are named, never shown. Changes are in api/merchant_writes.h.
//
//   GET  /v1/merchants?provider=&state=&source=&limit=&cursor=
//   GET  /v1/merchants/{provider}/{id}
//   POST /v1/merchants/{provider}/{id}/probe
//
// A merchant's id may hold any character, a slash too. The method tells where it ends: what is posted to ends in
// "/probe", "/pause" or "/resume", what is read is the whole rest.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/problem.h"
#include "engine/activation_gate.h"
#include "engine/engine.h"
#include "engine/intake.h"
#include "model/activation.h"
#include "model/merchant.h"

namespace ackd {

inline constexpr std::size_t kMerchantsLimit = 100;
inline constexpr std::size_t kMerchantsLimitMax = 1'000;
// One list call looks at no more merchants than this, and returns a cursor where it stopped.
inline constexpr std::size_t kMerchantsScanMax = 20'000;

class MerchantResource {
 public:
  // All must outlive the resource.
  MerchantResource(const ProfileCatalogue& catalogue, const MerchantDirectory& merchants,
                   const Activations& activations)
      : merchants_(merchants), activations_(activations), gate_(catalogue, merchants, activations) {}

  // One page, by provider and id. Unknown, repeated and malformed parameters are refused.
  ApiResponse list(const Fields& parameters) const;
  ApiResponse show(const MerchantName& merchant) const;

 private:
  const char* state_of(const Merchant& merchant) const;
  nlohmann::ordered_json describe(const Merchant& merchant) const;

  const MerchantDirectory& merchants_;
  const Activations& activations_;
  ActivationGate gate_;
};

// "PROVIDER/ID", decoded; nothing when one of the two is missing.
std::optional<MerchantName> parse_merchant_name(std::string_view text);

// A refusal before anything was recorded: an unknown merchant is 404, one that cannot be probed 422 with what to
// change.
ApiResponse respond_to_unmade_probe(const Error& error);
// 201 with the probe's id; 409 with the id of the one that is under way already.
ApiResponse respond_to_probe(const MerchantName& merchant, const ItemAnswer& answer);

}  // namespace ackd
