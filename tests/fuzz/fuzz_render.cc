// Any fields for any shipped provider: admission refuses them, or what is rendered is well-formed HTTP, the same every
// time, and the same again after the content has been stored and read back.
//
// The input's text: the provider, then the lines of fuzz::read_input().
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "shipped.h"
#include "target.h"

namespace {

using namespace ackd;

void check_request(const HttpRequest& request) {
  const auto printable = [](std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  };
  for (const Field& header : request.headers) {
    CHECK_THAT(printable(header.name) && printable(header.value), "a header may end only where HTTP ends it");
  }
  const std::string url = request.url.text();
  CHECK_THAT(printable(url) && url.find(' ') == std::string::npos, "a URL is one word of ASCII");
  CHECK_THAT(url.starts_with("https://merchant.example/notify"), "the target is the merchant's own");
}

}  // namespace

int ackd::fuzz::try_input(std::string_view text) {
  static fuzz::Shipped world;
  const std::optional<fuzz::Admitted> admitted = fuzz::admit(world, text);
  if (!admitted) return 0;
  const Profile* profile = admitted->profile;
  const FixedContent& fixed = admitted->fixed;
  const std::optional<Content> stored = decode_content(encode(fixed.content));
  CHECK_THAT(stored && *stored == fixed.content, "content survives the outbox");
  const auto once = [&](const Content& content) {
    return render(*profile, {content, world.merchant, world.url, fuzz::kNow, nonce_from(1)}, world.keys);
  };
  const Result<Rendered> rendered = once(fixed.content);
  if (!rendered) return 0;
  check_request(rendered->request);
  const Result<Rendered> again = once(*stored);
  CHECK_THAT(again && again->request.body == rendered->request.body &&
                 again->request.url.text() == rendered->request.url.text() && again->signature == rendered->signature,
             "equal content gives equal bytes");
  return 0;
}
