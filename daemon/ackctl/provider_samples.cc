#include "ackctl/provider_samples.h"

#include <fmt/format.h>

#include "crypto/digest.h"
#include "profile/signature_choice.h"
#include "profile/verification.h"
#include "text/url.h"

namespace ackd {
namespace {

constexpr std::string_view kThrowaway = "throwaway-key-of-32-bytes-only-!";
constexpr WallTime kAt{1'735'732'890'000};  // 2025-01-01, so that two runs give the same bytes
constexpr const char* kUrl = "https://merchant.example/notify";

AdmissionInput at_fixed_time(AdmissionInput input) {
  input.now = kAt;
  input.seed = "the same seed for every sample";
  return input;
}

Merchant sample_merchant(const Profile& profile) {
  Merchant merchant;
  merchant.provider = profile.id;
  merchant.id = "10001";
  merchant.url = kUrl;
  return merchant;
}

// Types without examples of their own are not an error: a profile need not have any.
void add_types(const Profile& profile, std::vector<ProviderSample>& samples) {
  for (const std::string& type : profile.types) {
    if (type == profile.type) continue;
    Profile other = profile;
    other.type = type;
    auto input = example_input(other);
    if (input) samples.push_back({"type " + type, sample_merchant(profile), at_fixed_time(*std::move(input))});
  }
}

void add_options(const Profile& profile, const AdmissionInput& input, std::vector<ProviderSample>& samples) {
  for (const OptionRule& option : profile.options) {
    for (std::size_t i = 1; i < option.values.size(); ++i) {
      Merchant merchant = sample_merchant(profile);
      merchant.options[option.name] = option.values[i];
      samples.push_back({fmt::format("option {}={}", option.name, option.values[i]), std::move(merchant), input});
    }
  }
}

MerchantKey throwaway_key(const SignatureVariant& variant) {
  MerchantKey key;
  key.id = "throwaway";
  switch (variant.key_form) {
    case KeyForm::kText: key.secret = Secret(std::string(kThrowaway)); break;
    case KeyForm::kHex: key.secret = Secret(to_text(kThrowaway, DigestForm::kHexUpper)); break;
    case KeyForm::kBase64: key.secret = Secret(variant.key_prefix + to_text(kThrowaway, DigestForm::kBase64)); break;
  }
  return key;
}

}  // namespace

Result<std::vector<ProviderSample>> samples_of(const Profile& profile) {
  auto example = example_input(profile);
  if (!example) return example.error();
  const AdmissionInput input = at_fixed_time(*std::move(example));
  std::vector<ProviderSample> samples{{"", sample_merchant(profile), input}};
  add_types(profile, samples);
  add_options(profile, input, samples);
  return samples;
}

Result<RenderedSample> render_sample(const Profile& profile, const ProviderSample& sample) {
  Merchant merchant = sample.merchant;
  const auto fixed = fix_content(profile, merchant, sample.input);
  if (!fixed) return fixed.error();
  const auto variant = choose_variant(profile, merchant, fixed->content.fields);
  if (!variant) return variant.error();
  merchant.keys = {throwaway_key(**variant)};
  const auto url = parse_url(kUrl);
  if (!url) return url.error();
  auto rendered = render_unsigned(profile, {fixed->content, merchant, *url, kAt, nonce_from(1)});
  if (!rendered) return rendered.error();
  return RenderedSample{*std::move(rendered), std::move(merchant)};
}

std::string verifying_trouble(const Profile& profile, const RenderedSample& sample) {
  if (sample.rendered.signature.find(kUnsigned) != std::string::npos) return {};
  const HttpRequest& sent = sample.rendered.request;
  const ReceivedRequest request{sent.method, sent.url.path, sent.url.query, sent.headers, sent.body};
  const Verification verification = verify({profile, sample.merchant, request}, false);
  std::string trouble = verification.trouble;
  for (const std::string& note : verification.notes) trouble += verification.verified ? "" : "; " + note;
  return trouble;
}

}  // namespace ackd
