// What the shipped files say, against the protocols' published and inferred facts.
#include "shipped_profiles.h"

#include "profile/render.h"

namespace ackd {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST_CASE("payindex: first send and three repeats, POST form, exactly OK") {
  const Profile& profile = shipped_profile("payindex");
  CHECK(profile.method == "POST");
  CHECK(profile.encoding == Encoding::kForm);
  CHECK(profile.schedule.delays == std::vector<Duration>{seconds(10), seconds(10), seconds(10)});
  CHECK(profile.total_timeout == seconds(10));
  CHECK(describe(profile.ack) == "body is exactly 'OK' with a status from 200 to 299");
}

TEST_CASE("dhpay: ten sends in all, GET, trimmed success") {
  const Profile& profile = shipped_profile("dhpay");
  CHECK(profile.method == "GET");
  CHECK(profile.schedule.sends_max() == 10);
  CHECK(profile.schedule.delays == std::vector<Duration>{minutes(1), minutes(2), minutes(5), minutes(10), minutes(30),
                                                         hours(1), hours(2), hours(6), hours(12)});
  CHECK(profile.ack.match == AckMatch::kTrimmed);
  CHECK(profile.ack.text == "success");
}

TEST_CASE("ipaynow: first send and eight repeats over 34h 42m, raw pairs as plain text, trimmed success=Y with 200") {
  const Profile& profile = shipped_profile("ipaynow");
  CHECK(profile.method == "POST");
  CHECK(profile.encoding == Encoding::kRawPairs);
  CHECK(profile.schedule.delays == std::vector<Duration>{minutes(2), minutes(10), minutes(30), hours(1), hours(2),
                                                         hours(6), hours(10), hours(15)});
  CHECK(offsets(profile.schedule).back() == hours(34) + minutes(42));
  CHECK(profile.ack.statuses == std::vector<int>{200});
  CHECK(profile.ack.text == "success=Y");
}

TEST_CASE("every shipped profile says where its signature, acknowledgement and schedule come from") {
  for (const char* provider : {"payindex", "dhpay", "ipaynow"}) {
    const Profile& profile = shipped_profile(provider);
    for (const char* section : {"signature", "acknowledgement", "schedule", "request"}) {
      CHECK_MESSAGE(profile.sources.count(section) == 1, provider << " " << section);
    }
  }
  CHECK_FALSE(shipped_profile("dhpay").sources.at("schedule").published.empty());
  CHECK_FALSE(shipped_profile("dhpay").sources.at("schedule").inferred.empty());
}

}  // namespace
}  // namespace ackd
