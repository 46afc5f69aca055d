// How many requests a second one thread builds and signs, for every provider and each of its ways to sign. The
// reference in the same run is the signature alone: the same algorithm over the same text with the same key.
//
//   ackd_bench_renders [ROUNDS] [PROVIDER]   medians of ROUNDS (5) rounds; needs the openssl command for throw-away
//   keys
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "base/check.h"
#include "profile/catalogue.h"
#include "profile/content_rules.h"
#include "profile/render.h"
#include "profile/signature_choice.h"
#include "text/url.h"

namespace {

using namespace ackd;
using Seconds = std::chrono::duration<double>;

constexpr Seconds kRoundTakes{0.1};
constexpr const char* kSecret = "0123456789abcdef0123456789abcdef";

std::string output_of(const char* command) {
  std::string out;
  std::FILE* pipe = ::popen(command, "r");
  std::array<char, 4096> chunk{};
  while (pipe != nullptr) {
    const std::size_t got = std::fread(chunk.data(), 1, chunk.size(), pipe);
    if (got == 0) break;
    out.append(chunk.data(), got);
  }
  if (pipe != nullptr) ::pclose(pipe);
  return out;
}

struct Keys {
  std::string rsa = output_of("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 2>/dev/null");
  std::string sm2 = output_of("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:SM2 2>/dev/null");
  std::string ed25519 = output_of("openssl genpkey -algorithm ED25519 2>/dev/null");

  const std::string& of(Algorithm algorithm) const {
    if (algorithm == Algorithm::kSm2Sm3) return sm2;
    return algorithm == Algorithm::kEd25519 ? ed25519 : rsa;
  }
};

// Calls a second, the median of the rounds.
double rate(int rounds, const std::function<void()>& call) {
  std::vector<double> rates;
  for (int round = 0; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    std::size_t calls = 0;
    Seconds took{0};
    while (took < kRoundTakes) {
      for (int i = 0; i < 16; ++i) call();
      calls += 16;
      took = std::chrono::steady_clock::now() - start;
    }
    rates.push_back(static_cast<double>(calls) / took.count());
  }
  std::nth_element(rates.begin(), rates.begin() + rounds / 2, rates.end());
  return rates[static_cast<std::size_t>(rounds / 2)];
}

// The profile's example, steered by the variant's first values.
Result<FixedContent> example_of(const Profile& profile, const SignatureVariant& variant, Merchant& merchant) {
  Result<AdmissionInput> input = example_input(profile);
  if (!input) return input.error();
  input->seed = "0123456789abcdef";
  for (const Condition& condition : variant.when) {
    if (!condition.option.empty()) {
      merchant.options[condition.option] = condition.values.front();
      continue;
    }
    std::erase_if(input->fields, [&](const Field& field) { return field.name == condition.field; });
    input->fields.push_back({condition.field, condition.values.front()});
  }
  return fix_content(profile, merchant, *input);
}

std::string bare_signature(const SignatureVariant& variant, const std::string& bytes, const Merchant& merchant,
                           PrivateKeyCache& keys) {
  if (variant.algorithm == Algorithm::kNone) return {};
  if (!needs_private_key(variant.algorithm)) {
    return is_keyed_digest(variant.algorithm) ? keyed_digest(variant.algorithm, kSecret, bytes)
                                              : plain_digest(variant.algorithm, bytes);
  }
  const Result<const PrivateKey*> key = keys.get(merchant.keys.front().private_key, variant.algorithm);
  return *(*key)->sign(variant.algorithm, bytes, variant.user_id);
}

std::string label_of(const SignatureVariant& variant) {
  std::vector<std::string> parts;
  for (const Condition& condition : variant.when) {
    parts.push_back((condition.option.empty() ? condition.field : condition.option) + "=" + condition.values.front());
  }
  return fmt::format("{}", fmt::join(parts, " "));
}

void measure(const Profile& profile, const SignatureVariant& variant, const Keys& keys, int rounds) {
  Merchant merchant{profile.id, "m1", "", {{"k1", Secret(kSecret), Secret(keys.of(variant.algorithm))}}, {}};
  const Result<FixedContent> fixed = example_of(profile, variant, merchant);
  if (!fixed) {
    fmt::print("{:<20} {:<34} not measured: {}: {}\n", profile.id, label_of(variant), fixed.error().field,
               fixed.error().message);
    return;
  }
  const auto chosen = choose_variant(profile, merchant, fixed->content.fields);
  if (!chosen || *chosen != &variant) return;  // an earlier variant covers these values
  PrivateKeyCache cache;
  const Url url = *parse_url("https://merchant.example/notify");
  const auto once = [&] {
    return render(profile, {fixed->content, merchant, url, WallTime{1735704091000}, nonce_from(1)}, cache);
  };
  const Result<Rendered> rendered = once();
  if (!rendered) {
    fmt::print("{:<20} {:<34} not measured: {}\n", profile.id, label_of(variant), rendered.error().message);
    return;
  }
  const double renders = rate(rounds, [&] { CHECK_THAT(once(), "it rendered a moment ago"); });
  const double bare = rate(rounds, [&] { (void)bare_signature(variant, rendered->canonical, merchant, cache); });
  const std::size_t bytes = rendered->request.body.size() + rendered->request.url.query.size();
  fmt::print("{:<20} {:<34} {:>6} {:>11.0f} {:>11.0f} {:>7.3f}\n", profile.id, label_of(variant), bytes, renders, bare,
             renders / bare);
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 5;
  const Keys keys;
  const Result<std::vector<ProfileSource>> sources = load_profiles(ACKD_SOURCE_DIR "/schedules", "");
  CHECK_THAT(sources, "the shipped profiles can be read");
  fmt::print("{:<20} {:<34} {:>6} {:>11} {:>11} {:>7}\n", "PROVIDER", "WHEN", "BYTES", "RENDERS/S", "SIGNS/S", "RATIO");
  for (const ProfileSource& source : *sources) {
    if (argc > 2 && source.profile.id != argv[2]) continue;
    for (const SignatureVariant& variant : source.profile.signature.variants) {
      measure(source.profile, variant, keys, rounds);
    }
  }
  return 0;
}
