#include "ackctl/received.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "crypto/digest.h"
#include "profile/render.h"
#include "text/form_encoding.h"

namespace ackd {
namespace {

// A merchant's URL may bring pairs of the same name; the provider's stand behind them.
const std::string* last_of(const Fields& pairs, std::string_view name) {
  const auto found = std::find_if(pairs.rbegin(), pairs.rend(), [&](const Field& pair) { return pair.name == name; });
  return found == pairs.rend() ? nullptr : &found->value;
}

std::string joined(const Fields& pairs, const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    const std::string* value = last_of(pairs, name);
    if (!out.empty()) out.push_back('/');
    if (value != nullptr) out += *value;
  }
  return out;
}

std::string identity_of(const Profile& profile, const ReceivedRequest& request, const Fields& pairs) {
  std::vector<std::string> names = profile.identity_fields;
  if (names.empty()) {
    names = profile.subject_fields;
    if (!profile.status_field.empty()) names.push_back(profile.status_field);
  }
  return fmt::format("{} {} {}", profile.id, request.path, joined(pairs, names));
}

// What arrived, as the profile's content. Nothing is filled in: a merchant verifies what it got.
Content content_of(const Profile& profile, const Fields& pairs) {
  Content content;
  for (const FieldRule& rule : profile.fields) {
    const std::string* value = last_of(pairs, rule.name);
    if (value != nullptr && rule.name != profile.signature_field) content.fields.push_back({rule.name, *value});
  }
  return content;
}

// Why the signature is not right; empty when it is.
std::string signature_trouble(const KnownMerchant& known, const ReceivedRequest& request, const Fields& pairs) {
  const Profile& profile = *known.profile;
  if (request.method != profile.method)
    return fmt::format("{} was used, {} is the rule", request.method, profile.method);
  const std::string* sent = last_of(pairs, profile.signature_field);
  if (sent == nullptr) return fmt::format("there is no field {}", profile.signature_field);
  const Content content = content_of(profile, pairs);
  const Url anywhere{false, "merchant.example", 80, "/", ""};
  const auto rendered = render(profile, {content, known.merchant, anywhere, WallTime{}});
  if (!rendered) return rendered.error().message;
  if (equal_in_constant_time(*sent, rendered->signature)) return {};
  return fmt::format("{} is '{}', expected '{}'", profile.signature_field, *sent, rendered->signature);
}

Reading read_as(const KnownMerchant& known, const ReceivedRequest& request) {
  Reading reading;
  reading.signature = SignatureVerdict::kWrong;
  reading.provider = known.profile->id;
  reading.merchant = known.merchant.id;
  const bool in_query = known.profile->encoding == Encoding::kQuery;
  const auto pairs = form_decode(in_query ? request.query : request.body);
  if (!pairs) {
    reading.why = pairs.error().message;
    return reading;
  }
  reading.subject = joined(*pairs, known.profile->subject_fields);
  reading.identity = identity_of(*known.profile, request, *pairs);
  reading.why = signature_trouble(known, request, *pairs);
  if (reading.why.empty()) reading.signature = SignatureVerdict::kOk;
  return reading;
}

// A reading that found an order number is likelier than one that did not.
bool is_likelier(const Reading& a, const Reading& b) {
  return b.provider.empty() || (b.subject.empty() && !a.subject.empty());
}

}  // namespace

const char* name_of(SignatureVerdict verdict) {
  switch (verdict) {
    case SignatureVerdict::kOk: return "ok";
    case SignatureVerdict::kWrong: return "WRONG";
    case SignatureVerdict::kUnchecked: break;
  }
  return "unchecked";
}

Reading read_request(const std::vector<KnownMerchant>& known, const ReceivedRequest& request) {
  const auto lives_here = [&](const KnownMerchant& m) { return m.path.empty() || m.path == request.path; };
  const bool any_here = std::any_of(known.begin(), known.end(), lives_here);
  Reading best;
  for (const KnownMerchant& candidate : known) {
    if (any_here && !lives_here(candidate)) continue;
    Reading reading = read_as(candidate, request);
    if (reading.signature == SignatureVerdict::kOk) return reading;
    if (is_likelier(reading, best)) best = std::move(reading);
  }
  if (best.identity.empty()) {
    best.identity =
        fmt::format("{} {} {}?{} {}", best.provider, request.method, request.path, request.query, request.body);
  }
  return best;
}

}  // namespace ackd
