// What the shipped files say beyond bytes and answers: the timetable of each provider, where its facts come from, and
// that its example is one.
#include "shipped_profiles.h"

#include <map>

namespace ackd {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using Seconds = std::vector<long>;

constexpr long kMinute = 60;
constexpr long kHour = 3'600;

const Seconds kIpaynow{2 * kMinute, 10 * kMinute, 30 * kMinute, kHour, 2 * kHour, 6 * kHour, 10 * kHour, 15 * kHour};
const Seconds kBill99{kMinute, 2 * kMinute, 5 * kMinute, 10 * kMinute, 30 * kMinute, kHour, 3 * kHour, 6 * kHour};
const Seconds kWechat{15,           15,           30,           3 * kMinute,  10 * kMinute,
                      20 * kMinute, 30 * kMinute, 30 * kMinute, 30 * kMinute, 60 * kMinute,
                      3 * kHour,    3 * kHour,    3 * kHour,    6 * kHour,    6 * kHour};
const Seconds kOneToSixHours{kMinute, 5 * kMinute, 15 * kMinute, kHour, 6 * kHour};
const Seconds kFourMinutesAndOn{4 * kMinute, 10 * kMinute, 10 * kMinute, kHour, 2 * kHour, 6 * kHour, 15 * kHour};

// Three quick ones, then growing gaps, then every 8 hours until 30 days are over.
Seconds adyen() {
  Seconds delays{9,     18,        27,       2 * kMinute, 5 * kMinute, 10 * kMinute, 15 * kMinute, 30 * kMinute,
                 kHour, 2 * kHour, 4 * kHour};
  delays.insert(delays.end(), 88, 8 * kHour);
  return delays;
}

// Doubled from a minute up to 12 hours.
const Seconds kStripe{60,    120,    240,    480,        960,        1'920,      3'840,
                      7'680, 15'360, 30'720, 12 * kHour, 12 * kHour, 12 * kHour, 12 * kHour};
// Half as much again each time, up to 5 hours.
const Seconds kPaypal{60,     90,     135,    202,    303,    455,    683,    1'025,  1'537,
                      2'306,  3'459,  5'189,  7'784,  11'677, 17'515, 18'000, 18'000, 18'000,
                      18'000, 18'000, 18'000, 18'000, 18'000, 18'000, 18'000};

const std::map<std::string, Seconds>& timetables() {
  static const std::map<std::string, Seconds> kTimetables{
      {"hexi", kOneToSixHours},
      {"ipaynow", kIpaynow},
      {"ipaynow_v1", kIpaynow},
      {"ipaynow_25h", {2 * kMinute, 10 * kMinute, 30 * kMinute, kHour, 2 * kHour, 6 * kHour, 15 * kHour}},
      {"bill99", kBill99},
      {"bill99_split", kBill99},
      {"bill99_legacy", {}},
      {"chinabank", Seconds(411, 210)},
      {"dinpay", kOneToSixHours},
      {"allinpay", kFourMinutesAndOn},
      {"payindex", {10, 10, 10}},
      {"dhpay",
       {kMinute, 2 * kMinute, 5 * kMinute, 10 * kMinute, 30 * kMinute, kHour, 2 * kHour, 6 * kHour, 12 * kHour}},
      {"wechat_v2", kWechat},
      {"wechat_v3", kWechat},
      {"alipay", kFourMinutesAndOn},
      {"unionpay", {kMinute, 2 * kMinute, 4 * kMinute, 5 * kMinute}},
      {"standard_webhooks",
       {5, 5 * kMinute, 30 * kMinute, 2 * kHour, 5 * kHour, 10 * kHour, 14 * kHour, 20 * kHour, 24 * kHour}},
      {"svix", {5, 300, 1'800, 7'200, 18'000, 36'000, 36'000}},
      {"stripe", kStripe},
      {"adyen", adyen()},
      {"github", {}},
      {"paypal", kPaypal},
      {"jeepay", {30, 60, 90, 120, 150}},
      {"roncoo", {kMinute, 2 * kMinute, 5 * kMinute, 15 * kMinute}},
      {"generic", {15, kMinute, 5 * kMinute, 15 * kMinute, kHour, 3 * kHour, 6 * kHour, 12 * kHour}},
  };
  return kTimetables;
}

std::chrono::minutes total(const std::string& provider) {
  return std::chrono::duration_cast<std::chrono::minutes>(offsets(shipped_profile(provider).schedule).back());
}

TEST_CASE("each provider's timetable: the number of sends and every gap") {
  for (const ProfileSource& source : shipped_profiles()) {
    CAPTURE(source.profile.id);
    REQUIRE(timetables().count(source.profile.id) == 1);
    Seconds gaps;
    for (const Duration delay : source.profile.schedule.delays) {
      CHECK(delay.count() % 1'000 == 0);
      gaps.push_back(delay.count() / 1'000);
    }
    CHECK(gaps == timetables().at(source.profile.id));
  }
  CHECK(timetables().size() == shipped_profiles().size());
}

TEST_CASE("the published totals come out") {
  CHECK(total("ipaynow") == hours(34) + minutes(42));
  CHECK(total("ipaynow_25h") == hours(24) + minutes(42));
  CHECK(total("wechat_v2") == hours(24) + minutes(4));
  CHECK(total("wechat_v3") == hours(24) + minutes(4));
  CHECK(total("alipay") == hours(24) + minutes(24));
  CHECK(shipped_profile("dhpay").schedule.sends_max() == 10);
  CHECK(shipped_profile("unionpay").schedule.sends_max() == 5);
  CHECK(shipped_profile("jeepay").schedule.sends_max() == 6);
  CHECK(offsets(shipped_profile("jeepay").schedule).back() == std::chrono::seconds(450));
  CHECK(shipped_profile("paypal").schedule.delays.size() == 25);
}

TEST_CASE("what is bounded by days ends within them") {
  const std::map<std::string, int> kDays{{"stripe", 3}, {"paypal", 3}, {"adyen", 30}, {"chinabank", 1}};
  for (const auto& each : kDays) {
    const auto& provider = each.first;
    const auto& days = each.second;
    CAPTURE(provider);
    CHECK(offsets(shipped_profile(provider).schedule).back() <= hours(24 * days));
  }
}

TEST_CASE("Retry-After counts where the protocol says so, and jitter only where it is allowed") {
  for (const ProfileSource& source : shipped_profiles()) {
    const std::string& id = source.profile.id;
    CAPTURE(id);
    CHECK(source.profile.schedule.honours_retry_after == (id == "standard_webhooks" || id == "generic"));
    CHECK((source.profile.schedule.jitter_percent > 0) == (id == "standard_webhooks" || id == "svix"));
    CHECK(source.profile.schedule.jitter_percent <= 10);
  }
}

TEST_CASE("every shipped profile says where its facts come from") {
  for (const ProfileSource& source : shipped_profiles()) {
    for (const char* section : {"request", "signature", "acknowledgement", "schedule"}) {
      CHECK_MESSAGE(source.profile.sources.count(section) == 1, source.profile.id << " " << section);
    }
    for (const OptionRule& option : source.profile.options) {
      CHECK_MESSAGE(source.profile.sources.count("options." + option.name) == 1, source.profile.id << option.name);
    }
  }
}

TEST_CASE("what was only inferred is marked so") {
  const auto only_inferred = [](const char* provider, const char* section) {
    const FactSource& source = shipped_profile(provider).sources.at(section);
    return source.published.empty() && !source.inferred.empty();
  };
  CHECK(only_inferred("hexi", "acknowledgement"));
  CHECK(only_inferred("hexi", "schedule"));
  CHECK(only_inferred("allinpay", "acknowledgement"));
  CHECK(only_inferred("allinpay", "schedule"));
  CHECK(only_inferred("bill99_legacy", "schedule"));
  CHECK_FALSE(only_inferred("payindex", "schedule"));
  CHECK_FALSE(shipped_profile("dinpay").sources.at("schedule").inferred.empty());
  CHECK_FALSE(shipped_profile("dinpay").sources.at("schedule").published.empty());
}

TEST_CASE("only hexi asks for activation") {
  for (const ProfileSource& source : shipped_profiles()) {
    CHECK_MESSAGE(source.profile.activation.required == (source.profile.id == "hexi"), source.profile.id);
  }
}

// Keys of the form that each protocol reads; both kinds, since a profile may know several ways to sign.
MerchantKey key_for(const std::string& provider, const std::string& private_key) {
  MerchantKey key{"key-1", Secret("0123456789abcdef0123456789ABCDEF"), Secret(private_key)};
  if (provider == "standard_webhooks" || provider == "svix")
    key.secret = Secret("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX");
  return key;
}

TEST_CASE("every profile's own example is admitted, signed and has a name for operators") {
  for (const ProfileSource& source : shipped_profiles()) {
    const Profile& profile = source.profile;
    CAPTURE(profile.id);
    const Result<AdmissionInput> input = example_input(profile);
    REQUIRE(input);
    Example example;
    example.merchant = merchant_of(profile.id, "");
    example.merchant.keys = {key_for(profile.id, throwaway_private_key())};
    example.input = *input;
    example.input.seed = "the seed of a test";
    const Result<Rendered> rendered = render_with(profile, example);
    REQUIRE_MESSAGE(rendered, trouble_of(rendered));
    CHECK_FALSE(rendered->signature.empty());
    CHECK_FALSE(fix_content(profile, example.merchant, example.input)->subject.empty());
  }
}

}  // namespace
}  // namespace ackd
