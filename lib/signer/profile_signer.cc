#include "signer/profile_signer.h"

#include <fmt/format.h>

#include <utility>

#include "profile/render.h"
#include "text/url.h"

namespace ackd {
namespace {

Error not_found(std::string message) {
  return {ErrorCode::kNotFound, std::move(message), {}};
}

// The notification's own URL wins; the merchant's is looked up now, so that a corrected one applies to what waits.
Result<Url> target_url(const SignStart& start, const Merchant& merchant) {
  const std::string& text = start.url.empty() ? merchant.url : start.url;
  if (text.empty()) {
    return not_found(
        fmt::format("merchant {}/{} has no URL and the notification brings none; give the merchant a URL, then release",
                    merchant.provider, merchant.id));
  }
  return parse_url(text);
}

}  // namespace

Hash request_hash(const HttpRequest& request) {
  std::string bytes = request.method + "\n" + request.url.text() + "\n";
  for (const Field& header : request.headers) bytes += header.name + ": " + header.value + "\n";
  bytes += "\n" + request.body;
  return sha256(bytes);
}

void ProfileSigner::start(SignStart start) {
  CHECK_THAT(room(), "the engine asks for room before it starts");
  finished_.push_back({start.ticket, sign(start)});
}

std::vector<Signing> ProfileSigner::take_finished() {
  return std::exchange(finished_, {});
}

Result<SignedRequest> ProfileSigner::sign(const SignStart& start) const {
  const Profile* profile = catalogue_.find(start.revision);
  if (profile == nullptr) {
    return not_found(fmt::format("the profile revision {} of {} is not loaded; restore its file, then release",
                                 start.revision.value, start.lane.provider));
  }
  const Merchant* merchant = merchants_.find(start.lane.provider, start.lane.merchant);
  if (merchant == nullptr) {
    return not_found(fmt::format("merchant {}/{} is not configured; add it, then release", start.lane.provider,
                                 start.lane.merchant));
  }
  const std::optional<Content> content = decode_content(start.content);
  if (!content) return Error{ErrorCode::kCorrupt, "the stored content cannot be read", {}};
  const Result<Url> url = target_url(start, *merchant);
  if (!url) return url.error();

  Result<Rendered> rendered = render(*profile, {*content, *merchant, *url, start.now, start.random});
  if (!rendered) return rendered.error();
  SignedRequest out{std::move(rendered->request), std::move(rendered->key_id), std::move(rendered->nonce), {}};
  out.request_hash = request_hash(out.request);
  return out;
}

}  // namespace ackd
