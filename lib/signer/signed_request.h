// From fixed content to a request that is ready to go, on whichever thread: what every signing comes to.
#pragma once

#include "profile/render.h"
#include "signer/signer.h"

namespace ackd {

// SHA-256 over "method\nurl\n", one "name: value\n" for each header, "\n" and the body: what an attempt's record keeps
// to prove later which bytes were sent.
Hash request_hash(const HttpRequest& request);

// Fails as render() does.
Result<SignedRequest> sign_request(const Profile& profile, const RenderInput& input, PrivateKeyCache& keys);

}  // namespace ackd
