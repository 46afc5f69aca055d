#include "profile/merchant_options.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

Profile profile() {
  Profile profile;
  profile.id = "psp";
  profile.connect_timeout = Duration(5'000);
  profile.total_timeout = Duration(10'000);
  return profile;
}

Merchant with(const std::string& name, const std::string& value) {
  Merchant merchant;
  merchant.id = "m";
  merchant.options[name] = value;
  return merchant;
}

bool fits(const std::string& name, const std::string& value) {
  return check_options(profile(), with(name, value)).ok();
}

}  // namespace

TEST_CASE("every profile's merchants choose timeouts and a window, within bounds") {
  for (const char* name : {"connect_timeout", "total_timeout"}) {
    for (const char* value : {"100ms", "5s", "2m"}) CHECK(fits(name, value));
    for (const char* value : {"99ms", "121s", "5", "", "-5s", "1h", "5s "}) CHECK_FALSE(fits(name, value));
  }
  for (const char* value : {"1", "16", "4096"}) CHECK(fits("window", value));
  for (const char* value : {"0", "4097", "", "-1", "1.5", "4 ", "0x4"}) CHECK_FALSE(fits("window", value));
  CHECK(fits("ack_trim", "true"));
  CHECK_FALSE(fits("ack_trim", "5s"));
  const Status refused = check_options(profile(), with("window", "0"));
  CHECK(refused.error().field == "options.window");
  CHECK(refused.error().message.find("1 to 4096") != std::string::npos);
  CHECK(check_options(profile(), with("windw", "4")).error().message.find("window") != std::string::npos);
}

TEST_CASE("a merchant's timeouts take the place of the profile's, each alone") {
  CHECK(timeouts_for(profile(), {}).connect == Duration(5'000));
  CHECK(timeouts_for(profile(), {}).total == Duration(10'000));
  const Timeouts longer = timeouts_for(profile(), with("total_timeout", "1m"));
  CHECK(longer.connect == Duration(5'000));
  CHECK(longer.total == Duration(60'000));
  CHECK(timeouts_for(profile(), with("connect_timeout", "200ms")).connect == Duration(200));
}

TEST_CASE("connecting never gets longer than the whole") {
  CHECK(timeouts_for(profile(), with("total_timeout", "1s")).connect == Duration(1'000));
  CHECK(timeouts_for(profile(), with("connect_timeout", "1m")).connect == Duration(10'000));
}

TEST_CASE("a merchant may be given up sooner or later than its protocol says") {
  for (const char* value : {"1s", "2d", "365d"}) CHECK(fits("give_up_after", value));
  for (const char* value : {"0s", "999ms", "366d", "2", "", "never"}) CHECK_FALSE(fits("give_up_after", value));
  Profile limited = profile();
  CHECK_FALSE(give_up_after_for(limited, {}).has_value());
  limited.schedule.give_up_after = std::chrono::hours(3);
  CHECK(give_up_after_for(limited, {}) == std::chrono::hours(3));
  CHECK(give_up_after_for(limited, with("give_up_after", "2d")) == std::chrono::hours(48));
}

TEST_CASE("a rate is the merchant's, or nobody's, and its burst means nothing without it") {
  for (const char* value : {"0", "1", "1000000"}) CHECK(fits("rate", value));
  for (const char* value : {"1000001", "", "-1", "1.5", "4 ", "5/s"}) CHECK_FALSE(fits("rate", value));
  const Status alone = check_options(profile(), with("rate_burst", "4"));
  CHECK(alone.error().message.find("means nothing without the option rate") != std::string::npos);
  CHECK_FALSE(rate_of({}).has_value());
  Merchant merchant = with("rate", "4");
  CHECK(rate_of(merchant) == Rate{4, 0});
  merchant.options["rate_burst"] = "9";
  CHECK(check_options(profile(), merchant).ok());
  CHECK(rate_of(merchant) == Rate{4, 9});
  merchant.options["rate"] = "0";
  CHECK(rate_of(merchant)->none());
}

TEST_CASE("a window is the merchant's, or nobody's") {
  CHECK_FALSE(window_of({}).has_value());
  CHECK(window_of(with("window", "4")) == 4);
}

}  // namespace ackd
