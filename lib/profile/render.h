// Building and signing one request from fixed content. Pure: time and chance are arguments, equal arguments give equal
// bytes. Signed first, encoded second: the canonical string uses raw values, percent-encoding touches only the wire.
#pragma once

#include <string>

#include "base/result.h"
#include "model/content.h"
#include "model/http_request.h"
#include "model/merchant.h"
#include "profile/profile.h"

namespace ackd {

struct RenderInput {
  const Content& content;
  const Merchant& merchant;
  const Url& url;
  WallTime now;
  std::uint64_t random = 0;
};

struct Rendered {
  HttpRequest request;
  std::string canonical;  // what was signed, in UTF-8; holds the key where the protocol puts it there
  std::string signature;
  std::string key_id;
  std::string nonce;
};

// Fails when the merchant's key is missing, an option has a value that this revision of the profile does not know, or
// the content was not fixed by this profile. The merchant's own query stays in front of a GET's pairs.
Result<Rendered> render(const Profile& profile, const RenderInput& input);

// The acknowledgement rule with the merchant's own loosening (options ack_trim, ack_contains, ack_any_case).
AckRule ack_for(const Profile& profile, const Merchant& merchant);

}  // namespace ackd
