// `ackctl render`: one request made from a JSON description, without sending it. The shapes are promised to scripts.
#pragma once

#include <string>
#include <string_view>

#include "ackctl/document.h"
#include "base/result.h"
#include "model/content.h"
#include "model/http_request.h"
#include "model/merchant.h"
#include "profile/profile.h"
#include "profile/render.h"

namespace ackd {

struct RenderRequest {
  Fields fields;  // in the order given; numbers are the caller's own tokens
  std::string body;
  std::string url;
  Merchant merchant;
  WallTime now;
};

// Reads {"fields":{...} or [[name,value],...], "url", "merchant":{"id","key","private_key","options":{...}}, "now",
// "nonce", "body"}. `now` defaults to the time given. Errors name the member.
Result<RenderRequest> read_render_request(std::string_view json, const std::string& provider, WallTime now);

// Fixes the content as admission does and renders it.
Result<Rendered> render_offline(const Profile& profile, const RenderRequest& request);

// {"method","url","headers":{...},"body","canonical","signature"}; what is not UTF-8 is named body_base64 and
// canonical_base64 instead.
Document document_of(const Rendered& rendered);

}  // namespace ackd
