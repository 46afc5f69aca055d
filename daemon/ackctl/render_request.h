// `ackctl render`: one request made from a JSON description, without sending it. The shapes are promised to scripts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ackctl/document.h"
#include "base/result.h"
#include "base/rng.h"
#include "model/merchant.h"
#include "profile/content_rules.h"
#include "profile/profile.h"
#include "profile/render.h"

namespace ackd {

struct RenderRequest {
  AdmissionInput input;  // fields in the order given; numbers are the caller's own tokens
  std::string url;       // or empty
  Merchant merchant;
  bool names_merchant = false;  // the description has keys, options or an id of its own
  std::string nonce;
};

// Reads {"fields":{...} or [[name,value],...], "type", "body", "url", "merchant":{"id","key","private_key",
// "keys":[{"id","key","private_key"}],"options":{...}}, "now", "nonce"}. `now` defaults to the time given, the nonce to
// one from `rng`. Errors name the member.
Result<RenderRequest> read_render_request(std::string_view json, const std::string& provider, WallTime now, Rng& rng);

struct RenderedOffline {
  Rendered rendered;
  std::vector<std::string> refused;  // "order_no: the field is required": why admission would refuse it as it is
};

// Fixes the content as admission does, but for required fields that are missing, and renders it. Errors name the field.
Result<RenderedOffline> render_offline(const Profile& profile, const RenderRequest& request);

// {"method","url","headers":{...},"body","canonical","signature"}; what is not UTF-8 is named body_base64 and
// canonical_base64 instead. "refused_at_admission" only where something is missing.
Document document_of(const RenderedOffline& offline);

}  // namespace ackd
