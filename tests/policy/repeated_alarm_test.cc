#include "policy/repeated_alarm.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

constexpr EngineTime kNow{1'772'366'400'000};

}  // namespace

TEST_CASE("the first ten of a minute are told, the others counted at its end") {
  RepeatedAlarm alarm;
  int told = 0;
  for (int i = 0; i < 100'000; ++i) told += alarm.strike(kNow + Duration(i / 10)) ? 1 : 0;
  CHECK(told == 10);
  CHECK(alarm.untold_at() == kNow + Duration(60'000));
  CHECK(alarm.take_untold(kNow + Duration(59'999)) == 0);
  CHECK(alarm.take_untold(kNow + Duration(60'000)) == 99'990);
  CHECK(alarm.take_untold(kNow + Duration(60'001)) == 0);
  CHECK_FALSE(alarm.untold_at());
  CHECK(alarm.strike(kNow + Duration(60'001)));
}

TEST_CASE("few are told each, and nothing is counted and nobody woken for them") {
  RepeatedAlarm alarm;
  for (int i = 0; i < 10; ++i) CHECK(alarm.strike(kNow + Duration(i)));
  CHECK_FALSE(alarm.untold_at());
  CHECK(alarm.take_untold(kNow + Duration(60'000)) == 0);
  for (int i = 0; i < 10; ++i) CHECK(alarm.strike(kNow + Duration(60'000 + i)));
}

TEST_CASE("what is only counted is told as a number, and leaves room for what is told") {
  RepeatedAlarm alarm;
  for (int i = 0; i < 20; ++i) alarm.count(kNow);
  CHECK(alarm.strike(kNow + Duration(1)));
  CHECK(alarm.untold_at() == kNow + Duration(60'000));
  CHECK(alarm.take_untold(kNow + Duration(60'000)) == 20);
}

}  // namespace ackd
