#include "signer/signed_request.h"

#include <utility>

namespace ackd {

Hash request_hash(const HttpRequest& request) {
  std::string bytes = request.method + "\n" + request.url.text() + "\n";
  for (const Field& header : request.headers) bytes += header.name + ": " + header.value + "\n";
  bytes += "\n" + request.body;
  return sha256(bytes);
}

Result<SignedRequest> sign_request(const Profile& profile, const RenderInput& input, PrivateKeyCache& keys) {
  Result<Rendered> rendered = render(profile, input, keys);
  if (!rendered) return rendered.error();
  SignedRequest out{std::move(rendered->request), std::move(rendered->key_id), std::move(rendered->nonce), {}};
  out.request_hash = request_hash(out.request);
  return out;
}

}  // namespace ackd
