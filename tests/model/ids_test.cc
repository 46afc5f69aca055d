#include "model/ids.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

constexpr EngineTime kNow{1'772'366'400'000};

}  // namespace

TEST_CASE("ids grow, whatever the clock does") {
  IdSource ids(7, {});
  NotificationId last = ids.next(kNow);
  for (const std::int64_t step : {0, 1, 1'000, -3'600'000, -10, 5, 3'600'000}) {
    const NotificationId next = ids.next(kNow + Duration(step));
    CHECK(next > last);
    last = next;
  }
}

TEST_CASE("more ids than a millisecond holds run ahead of the clock") {
  IdSource ids(0, {});
  NotificationId last;
  for (int i = 0; i < 10'000; ++i) {
    const NotificationId next = ids.next(kNow);
    CHECK(next > last);
    last = next;
  }
  CHECK(time_of(last) == kNow + Duration(2));
}

TEST_CASE("a source goes on from the newest id of the record") {
  IdSource first(3, {});
  const NotificationId newest = first.next(kNow);
  IdSource second(3, newest);
  CHECK(second.next(kNow - Duration(86'400'000)) > newest);
}

TEST_CASE("an id names its time, and nodes never meet") {
  IdSource one(1, {});
  IdSource two(2, {});
  const NotificationId a = one.next(kNow);
  const NotificationId b = two.next(kNow);
  CHECK(a != b);
  CHECK(time_of(a) == kNow);
  CHECK(time_of(b) == kNow);
}

TEST_CASE("ids are decimal texts and nothing else") {
  CHECK(parse_notification_id("383278083928489984")->value == 383'278'083'928'489'984);
  CHECK(to_string(NotificationId{42}) == "42");
  for (const char* text : {"", "0", "-1", "1x", " 1", "0x10", "042", "9223372036854775808"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_notification_id(text).has_value());
  }
}

}  // namespace ackd
