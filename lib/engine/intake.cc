#include "engine/intake.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "crypto/digest.h"
#include "profile/content_rules.h"
#include "text/url.h"

namespace ackd {
namespace {

// A not_before further away than this is a mistake of units, not a wish.
constexpr Duration kNotBeforeMax = std::chrono::hours(24 * 366);

Fields sorted(Fields fields) {
  std::stable_sort(fields.begin(), fields.end(), [](const Field& a, const Field& b) { return a.name < b.name; });
  return fields;
}

// What "the same content" means for idempotency: what the platform said, before any profile touched it, so that a
// profile upgraded between two posts does not turn a repeat into a conflict. The order of fields says nothing in JSON.
Hash content_hash(const IntakeRequest& request) {
  Content said;
  said.fields = sorted(request.fields);
  said.body = request.body;
  Content rest;
  rest.fields = sorted(request.tags);
  rest.fields.push_back({"type", request.type});
  rest.fields.push_back({"url", request.url});
  rest.fields.push_back({"not_before", request.not_before ? std::to_string(request.not_before->ms) : ""});
  return sha256(encode(said) + encode(rest));
}

Status check_limits(const IntakeRequest& request) {
  const std::pair<const char*, std::size_t> names[] = {
      {"provider", request.provider.size()}, {"merchant", request.merchant.size()}, {"type", request.type.size()}};
  for (const auto& [name, size] : names) {
    if (size > kNameBytesMax) {
      return Error{ErrorCode::kTooLarge, fmt::format("{} has {} bytes; the limit is {}", name, size, kNameBytesMax),
                   name};
    }
  }
  if (request.key.size() > kKeyBytesMax) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("key has {} bytes; the limit is {}", request.key.size(), kKeyBytesMax), "key"};
  }
  if (request.tags.size() > kTagCountMax) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("{} tags were given; the limit is {}", request.tags.size(), kTagCountMax), "tags"};
  }
  for (const Field& tag : request.tags) {
    if (tag.name.empty() || tag.name.size() > kNameBytesMax || tag.value.size() > kNameBytesMax) {
      return Error{ErrorCode::kTooLarge, fmt::format("a tag's name and value have 1 to {} bytes each", kNameBytesMax),
                   "tags." + tag.name};
    }
  }
  return Done{};
}

}  // namespace

Intake::Intake(const ProfileCatalogue& catalogue, const MerchantDirectory& merchants)
    : catalogue_(catalogue), merchants_(merchants) {}

Result<Admission> Intake::admit(const IntakeRequest& request, EngineTime now) const {
  if (const Status limits = check_limits(request); !limits) return limits.error();
  const Profile* profile = catalogue_.current(request.provider);
  if (profile == nullptr) {
    return invalid(fmt::format("there is no provider '{}'; GET /v1/providers lists them", request.provider),
                   "provider");
  }
  const Merchant* merchant = merchants_.find(request.provider, request.merchant);
  if (merchant == nullptr) {
    return invalid(fmt::format("provider '{}' has no merchant '{}'; add it under merchants: in the configuration",
                               request.provider, request.merchant),
                   "merchant");
  }
  Admission admission;
  Notification& n = admission.notification;
  n.lane = {request.provider, request.merchant, {}};
  if (!request.url.empty()) {
    const Result<Url> url = parse_url(request.url);
    if (!url) return Error{url.error().code, url.error().message, "url"};
    n.url = url->text();
    n.lane.origin = url->origin();
  } else if (merchant->url.empty()) {
    return invalid("the merchant has no URL of its own, so the notification must bring one", "url");
  }
  Result<FixedContent> fixed =
      fix_content(*profile, *merchant, {request.fields, request.body, request.type, request.key});
  if (!fixed) return fixed.error();
  n.content = encode(fixed->content);
  if (n.content.size() > kContentBytesMax) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("the content has {} bytes; the limit is {}", n.content.size(), kContentBytesMax),
                 "fields"};
  }
  n.type = std::move(fixed->type);
  n.subject = std::move(fixed->subject);
  n.key = std::move(fixed->key);
  if (n.key.size() > kKeyBytesMax || n.subject.size() > kKeyBytesMax) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("the fields that identify the notification have {} bytes; the limit is {}",
                             std::max(n.key.size(), n.subject.size()), kKeyBytesMax),
                 "fields"};
  }
  n.revision = catalogue_.current_revision(request.provider);
  n.tags = request.tags.empty() ? std::string{} : encode(Content{request.tags, {}});
  n.content_hash = content_hash(request);
  n.admitted_at = now;
  n.not_before = now;
  if (request.not_before) {
    const EngineTime asked{request.not_before->ms};
    if (asked > now + kNotBeforeMax) return invalid("not_before is more than 366 days away", "not_before");
    n.not_before = std::max(asked, now);
  }
  return admission;
}

}  // namespace ackd
