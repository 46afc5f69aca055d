// What a profile says about activation, and its examples as a notification.
#include <doctest/doctest.h>

#include "profile/content_rules.h"
#include "shipped_profiles.h"

namespace ackd {
namespace {

TEST_CASE("activation is asked for by the profile, and not by default") {
  CHECK_FALSE(parse_profile(kSmallProfile, "x.yaml")->activation.required);
  const auto asks = parse_profile(small_profile_with("schedule:", "activation: {required: true}\nschedule:"), "x.yaml");
  REQUIRE(asks);
  CHECK(asks->activation.required);
}

TEST_CASE("the examples of a profile are a notification that its own rules accept") {
  const auto profile = parse_profile(small_profile_with("required: true", "required: true, example: T1"), "x.yaml");
  REQUIRE(profile);
  const auto input = example_input(*profile);
  REQUIRE(input);
  const auto fixed = fix_content(*profile, merchant_of("small", "k"), *input);
  REQUIRE(fixed);
  CHECK(fixed->subject == "T1");
}

TEST_CASE("a required field without an example is named") {
  const auto input = example_input(*parse_profile(kSmallProfile, "x.yaml"));
  REQUIRE_FALSE(input);
  CHECK(input.error().field == "order");
}

}  // namespace
}  // namespace ackd
