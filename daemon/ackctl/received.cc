#include "ackctl/received.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "profile/verification.h"

namespace ackd {
namespace {

std::string identity_of(const Profile& profile, const ReceivedRequest& request, const Fields& fields) {
  std::vector<std::string> names = profile.identity_fields;
  if (names.empty()) {
    names = profile.subject_fields;
    if (!profile.status_field.empty()) names.push_back(profile.status_field);
  }
  std::string values;
  for (const std::string& name : names) {
    const std::string* value = find_field(fields, name);
    if (value != nullptr) values += "/" + *value;
  }
  return values.empty() ? values : fmt::format("{} {} {}", profile.id, request.path, values);
}

Reading read_as(const KnownMerchant& known, const ReceivedRequest& request) {
  VerificationInput input{*known.profile, known.merchant, request};
  input.public_key = known.public_key;
  const Verification verification = verify(input, false);
  Reading reading;
  reading.signature = verification.verified ? SignatureVerdict::kOk : SignatureVerdict::kWrong;
  reading.why = verification.trouble;
  reading.provider = known.profile->id;
  reading.merchant = known.merchant.id;
  reading.subject = verification.subject;
  reading.identity = identity_of(*known.profile, request, verification.fields);
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
