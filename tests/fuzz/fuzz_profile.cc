// Any bytes as a profile file: they are refused with a place, or accepted as a profile that can render its own
// examples.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "profile/content_rules.h"
#include "profile/merchant_options.h"
#include "profile/profile.h"
#include "profile/render.h"
#include "target.h"
#include "text/url.h"

namespace {

void render_examples(const ackd::Profile& profile) {
  using namespace ackd;
  Merchant merchant;
  merchant.provider = profile.id;
  merchant.id = "m1";
  merchant.keys = {{"k1", Secret("0123456789abcdef0123456789abcdef"), Secret()}};
  Result<AdmissionInput> input = example_input(profile);
  if (!input) return;
  input->seed = "0123456789abcdef";
  const Result<FixedContent> fixed = fix_incomplete_content(profile, merchant, *input);
  if (!fixed) return;
  PrivateKeyCache keys;
  const Url url = *parse_url("https://merchant.example/notify?a=1");
  (void)render(profile, {fixed->content, merchant, url, WallTime{1735704091000}, nonce_from(1)}, keys);
}

}  // namespace

int ackd::fuzz::try_input(std::string_view text) {
  const ackd::Result<ackd::Profile> profile = ackd::parse_profile(text, "fuzz.yaml");
  if (!profile) {
    const bool has_place = profile.error().message.starts_with("fuzz.yaml:");
    CHECK_THAT(has_place, "an error about a profile names the file and the place");
    return 0;
  }
  render_examples(*profile);
  return 0;
}
