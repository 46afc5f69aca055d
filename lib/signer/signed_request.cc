#include "signer/signed_request.h"

#include <utility>

namespace ackd {
namespace {

// Of all headers, usually.
constexpr std::size_t kHeaderBytes = 256;

}  // namespace

Hash request_hash(const HttpRequest& request) {
  const std::string url = request.url.text();
  std::string bytes;
  bytes.reserve(url.size() + kHeaderBytes + request.body.size());
  (((bytes += request.method) += '\n') += url) += '\n';
  for (const Field& header : request.headers) (((bytes += header.name) += ": ") += header.value) += '\n';
  (bytes += '\n') += request.body;
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
