#include "engine/intake.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "crypto/digest.h"
#include "policy/allowed_hosts.h"
#include "profile/content_rules.h"
#include "text/url.h"

namespace ackd {
namespace {

// A not_before further away than this is a mistake of units, not a wish.
constexpr Duration kNotBeforeMax = std::chrono::hours(24 * 366);

// What "the same content" means for idempotency: what the platform said, before any profile touched it, so that a
// profile upgraded between two posts does not turn a repeat into a conflict. The order of fields says nothing in JSON.
Hash content_hash(const IntakeRequest& request) {
  ContentView said = by_name(request.fields);
  said.body = request.body;
  ContentView rest = by_name(request.tags);
  const std::string not_before = request.not_before ? std::to_string(request.not_before->ms) : "";
  rest.fields.insert(rest.fields.end(), {{"type", request.type}, {"url", request.url}, {"not_before", not_before}});
  return sha256(said.encode() + rest.encode());
}

// 128 random bits as text: what a profile draws at admission is made of them.
std::string seed(Rng& rng) {
  return fmt::format(FMT_COMPILE("{:016x}{:016x}"), rng.next(), rng.next());
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

Intake::Intake(const ProfileCatalogue& catalogue, const MerchantDirectory& merchants, const Activations& activations,
               Rng& rng, UnknownMerchant unknown)
    : catalogue_(catalogue),
      merchants_(merchants),
      gate_(catalogue, merchants, activations),
      rng_(rng),
      unknown_(unknown) {}

Result<Admission> Intake::admit(IntakeRequest request, IntakeTime at) const {
  if (const Status limits = check_limits(request); !limits) return limits.error();
  const Result<Target> target = target_of(request.provider, request.merchant);
  if (!target) return invalid(target.error().message, target.error().field);
  if (target->merchant == nullptr && unknown_ == UnknownMerchant::kRefuse) {
    const Error unknown = unknown_merchant({request.provider, request.merchant});
    return invalid(unknown.message, unknown.field);
  }
  Admission admission;
  Notification& n = admission.notification;
  n.lane = {request.provider, request.merchant, {}};
  if (const Status taken = take_url(request.url, target->merchant, n); !taken) return taken.error();
  n.content_hash = content_hash(request);
  n.tags = request.tags.empty() ? std::string{} : encode(Content{std::move(request.tags), {}});
  AdmissionInput input{std::move(request.fields), std::move(request.body), request.has_body, std::move(request.type),
                       std::move(request.key)};
  if (const Status fixed = fix(n, *target, std::move(input), at); !fixed) return fixed.error();
  if (request.not_before) {
    const EngineTime asked{request.not_before->ms};
    if (asked > at.now + kNotBeforeMax) return invalid("not_before is more than 366 days away", "not_before");
    n.not_before = std::max(asked, at.now);
  }
  admission.awaits_merchant = gate_.holds(request.provider, request.merchant);
  if (admission.awaits_merchant) admission.held_reason = gate_.reason(request.provider, request.merchant);
  return admission;
}

// A host that nobody expects a merchant's notifications at is refused here, before anything is sent: the platform may
// be passing on a URL that a customer of the merchant has written.
Status Intake::take_url(const std::string& text, const Merchant* merchant, Notification& n) const {
  if (text.empty()) {
    if (merchant == nullptr || !merchant->url.empty()) return Done{};
    return invalid("the merchant has no URL of its own, so the notification must bring one", "url");
  }
  const Result<Url> url = parse_url(text);
  if (!url) return Error{url.error().code, url.error().message, "url"};
  if (merchant != nullptr && !is_allowed_host(merchant->hosts, url->host)) {
    return invalid(fmt::format("the host '{}' is none of those that merchant {}/{} allows: {}", url->host,
                               merchant->provider, merchant->id, fmt::join(merchant->hosts, ", ")),
                   "url");
  }
  n.url = url->text();
  n.lane.origin = url->origin();
  return Done{};
}

Result<Admission> Intake::probe(const MerchantName& merchant, const std::string& key, IntakeTime at) const {
  const Result<Target> target = target_of(merchant.provider, merchant.id);
  if (!target) return target.error();
  if (target->merchant == nullptr) return unknown_merchant(merchant);
  if (target->merchant->url.empty()) {
    return invalid(
        fmt::format("merchant {}/{} has no URL that could be probed; give it one", merchant.provider, merchant.id),
        "url");
  }
  Result<AdmissionInput> input = example_input(*target->profile);
  if (!input) return input.error();
  input->key = "ackd-probe-" + key;
  Admission admission;
  Notification& n = admission.notification;
  n.lane = {merchant.provider, merchant.id, {}};
  n.probe = true;
  if (const Status fixed = fix(n, *target, *std::move(input), at); !fixed) {
    return Error{fixed.error().code,
                 fmt::format("the example of {} is refused: {}", merchant.provider, fixed.error().message),
                 fixed.error().field};
  }
  // The same probe asked for again is a repeat, whatever has become of the profile's examples meanwhile.
  n.content_hash = sha256(n.key);
  return admission;
}

Result<Intake::Target> Intake::target_of(const std::string& provider, const std::string& merchant) const {
  const Profile* profile = catalogue_.current(provider);
  if (profile == nullptr) {
    return Error{ErrorCode::kNotFound, fmt::format("there is no provider '{}'; GET /v1/providers lists them", provider),
                 "provider"};
  }
  return Target{profile, merchants_.find(provider, merchant)};
}

Error Intake::unknown_merchant(const MerchantName& merchant) const {
  return {ErrorCode::kNotFound,
          fmt::format("provider '{0}' has no merchant '{1}'; add it with `ackctl merchant add {0} {1}`, or under "
                      "merchants: in the configuration",
                      merchant.provider, merchant.id),
          "merchant"};
}

// Fills in what the profile decides: content, type, subject, key and revision; due now.
Status Intake::fix(Notification& n, const Target& target, AdmissionInput input, IntakeTime at) const {
  input.now = at.wall;
  input.seed = seed(rng_);
  Merchant unknown;
  if (target.merchant == nullptr) {
    unknown.provider = n.lane.provider;
    unknown.id = n.lane.merchant;
  }
  Result<FixedContent> fixed =
      fix_content(*target.profile, target.merchant == nullptr ? unknown : *target.merchant, input);
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
  n.revision = catalogue_.current_revision(target.profile->id);
  n.admitted_at = at.now;
  n.not_before = at.now;
  return Done{};
}

}  // namespace ackd
