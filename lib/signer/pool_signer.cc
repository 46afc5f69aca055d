#include "signer/pool_signer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"
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

// What a start names, found.
struct Found {
  const Profile& profile;
  const Merchant& merchant;
  Content content;
  Url url;
};

Result<Found> find(const SignStart& start, const ProfileCatalogue& catalogue, const MerchantDirectory& merchants) {
  const Profile* profile = catalogue.find(start.revision);
  if (profile == nullptr) {
    return not_found(fmt::format("the profile revision {} of {} is not loaded; restore its file, then release",
                                 start.revision.value, start.lane.provider));
  }
  const Merchant* merchant = merchants.find(start.lane.provider, start.lane.merchant);
  if (merchant == nullptr) {
    return not_found(
        fmt::format("merchant {}/{} is unknown; add it, then release", start.lane.provider, start.lane.merchant));
  }
  std::optional<Content> content = decode_content(start.content);
  if (!content) return Error{ErrorCode::kCorrupt, "the stored content cannot be read", {}};
  Result<Url> url = target_url(start, *merchant);
  if (!url) return url.error();
  return Found{*profile, *merchant, *std::move(content), *std::move(url)};
}

}  // namespace

std::size_t default_signing_threads() {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 8);
}

PoolSigner::PoolSigner(const ProfileCatalogue& catalogue, const MerchantDirectory& merchants,
                       std::function<void()> wake, std::size_t threads)
    : catalogue_(catalogue), merchants_(merchants), threads_(threads, std::move(wake)) {}

void PoolSigner::start(SignStart start) {
  CHECK_THAT(room(), "the engine asks for room before it starts");
  Result<Found> found = find(start, catalogue_, merchants_);
  if (!found) {
    finished_.push_back({start.ticket, found.error()});
    return;
  }
  const auto& [profile, merchant, content, url] = *found;
  Merchant room;
  const Merchant& signing = merchants_.as_signing(merchant, room);
  std::string nonce = nonce_for(profile, start.random);
  if (signs_with_private_key(profile, signing, content.fields)) {
    threads_.start({start.ticket, &profile, signing, std::move(found->content), std::move(found->url), start.now,
                    std::move(nonce)});
    return;
  }
  const RenderInput input{content, signing, url, start.now, std::move(nonce)};
  finished_.push_back({start.ticket, sign_request(profile, input, no_keys_)});
}

std::vector<Signing> PoolSigner::take_finished() {
  std::vector<Signing> taken = threads_.take_finished();
  taken.reserve(taken.size() + finished_.size());
  std::ranges::move(finished_, std::back_inserter(taken));
  finished_.clear();
  return taken;
}

}  // namespace ackd
