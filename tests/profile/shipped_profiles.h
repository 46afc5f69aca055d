// The profiles of schedules/, and a small one of the tests' own, for the tests of this folder.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "model/merchant.h"
#include "profile/catalogue.h"

namespace ackd {

// Lives as long as the program: the tests only read it.
inline const Profile& shipped_profile(const std::string& provider) {
  static const std::vector<ProfileSource> sources = [] {
    Result<std::vector<ProfileSource>> loaded = load_profiles(ACKD_SOURCE_DIR "/schedules", "");
    REQUIRE_MESSAGE(loaded, (loaded ? std::string() : loaded.error().message));
    return *std::move(loaded);
  }();
  for (const ProfileSource& source : sources) {
    if (source.profile.id == provider) return source.profile;
  }
  FAIL("no such profile: " << provider);
  return sources.front().profile;
}

inline Merchant merchant_of(const std::string& provider, const std::string& key) {
  Merchant merchant;
  merchant.provider = provider;
  merchant.id = "m1";
  merchant.url = "https://merchant.example/notify";
  merchant.key = {"key-1", Secret(key)};
  return merchant;
}

// A valid profile, whose lines the tests replace to break it.
inline constexpr const char* kSmallProfile = R"(provider: small
type: payment
subject: [order]
status: state
request:
  method: POST
  encoding: form
  content_type: application/x-www-form-urlencoded
options:
  - {name: with_memo, values: ["true", "false"]}
fields:
  - {name: order, required: true, bytes_max: 64}
  - {name: state, default: paid}
  - {name: memo, signed: {option: with_memo}, empty: send}
  - {name: kind, constant: N1}
  - {name: sign}
signature:
  field: sign
  digest: md5
  form: hex_lower
  canonical:
    order: by_name
    parts: pairs
    separator: "&"
    empty: skip
    suffix: "&key={key}"
  source: {published: "a test"}
acknowledgement:
  match: exact
  text: OK
  source: {published: "a test"}
schedule:
  delays: [1m, 2m]
  source: {inferred: "a test"}
)";

// kSmallProfile with one text replaced by another. REQUIRES: `from` occurs.
inline std::string small_profile_with(const std::string& from, const std::string& to) {
  std::string text = kSmallProfile;
  const std::size_t at = text.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, from);
  return text.replace(at, from.size(), to);
}

}  // namespace ackd
