// The profiles of schedules/, and a small one of the tests' own, for the tests of this folder.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "model/merchant.h"
#include "profile/catalogue.h"
#include "profile/content_rules.h"
#include "profile/render.h"
#include "text/url.h"

namespace ackd {

// Lives as long as the program: the tests only read it.
inline const std::vector<ProfileSource>& shipped_profiles() {
  static const std::vector<ProfileSource> sources = [] {
    Result<std::vector<ProfileSource>> loaded = load_profiles(ACKD_SOURCE_DIR "/schedules", "");
    REQUIRE_MESSAGE(loaded, (loaded ? std::string() : loaded.error().message));
    return *std::move(loaded);
  }();
  return sources;
}

inline const Profile& shipped_profile(const std::string& provider) {
  for (const ProfileSource& source : shipped_profiles()) {
    if (source.profile.id == provider) return source.profile;
  }
  FAIL("no such profile: " << provider);
  return shipped_profiles().front().profile;
}

inline Merchant merchant_of(const std::string& provider, const std::string& key) {
  Merchant merchant;
  merchant.provider = provider;
  merchant.id = "m1";
  merchant.url = "https://merchant.example/notify";
  merchant.keys = {{"key-1", Secret(key), Secret()}};
  return merchant;
}

// The RSA key of the vectors, which is nobody's.
std::string throwaway_private_key();

// One notification as a platform gives it, for one merchant, at one moment.
struct Example {
  Merchant merchant;
  AdmissionInput input;
  std::string url = "https://merchant.example/notify";
  WallTime now;
  std::string nonce;
};

inline Example example_for(const std::string& provider, const std::string& key, Fields fields) {
  Example example;
  example.merchant = merchant_of(provider, key);
  example.input.fields = std::move(fields);
  example.input.seed = "the seed of a test";
  return example;
}

// Admission and one attempt, as the daemon does them.
inline Result<Rendered> render_with(const Profile& profile, const Example& example) {
  AdmissionInput input = example.input;
  input.now = example.now;
  const Result<FixedContent> fixed = fix_content(profile, example.merchant, input);
  if (!fixed) return fixed.error();
  PrivateKeyCache keys;
  const Url url = *parse_url(example.url);
  return render(profile, {fixed->content, example.merchant, url, example.now, example.nonce}, keys);
}

inline Result<Rendered> render_shipped(const Example& example) {
  return render_with(shipped_profile(example.merchant.provider), example);
}

inline std::string trouble_of(const Result<Rendered>& rendered) {
  return rendered ? std::string() : rendered.error().field + ": " + rendered.error().message;
}

inline std::string header_of(const Rendered& rendered, std::string_view name) {
  const std::string* value = find_field(rendered.request.headers, name);
  return value == nullptr ? std::string() : *value;
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
  algorithm: md5
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
