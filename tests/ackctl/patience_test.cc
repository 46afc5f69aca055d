#include "ackctl/patience.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

TEST_CASE("waits grow to a limit, and progress starts them anew") {
  Patience patience(Duration(60'000));
  patience.progress(BootTime{1'000});
  BootTime now{1'000};
  for (const int wait : {200, 400, 800, 1'600, 3'200, 5'000, 5'000}) {
    CHECK(patience.wait(now, Duration(0)) == Duration(wait));
    now = now + Duration(wait);
  }
  patience.progress(now);
  CHECK(patience.wait(now, Duration(0)) == Duration(200));
}

TEST_CASE("what the daemon asks for is kept, up to a limit") {
  Patience patience(Duration(600'000));
  patience.progress(BootTime{0});
  CHECK(patience.wait(BootTime{0}, Duration(10'000)) == Duration(10'000));
  CHECK(patience.wait(BootTime{0}, Duration(86'400'000)) == Patience::kLongestWaitAskedFor);
}

TEST_CASE("the last attempt comes at the very end, and then it is over") {
  Patience patience(Duration(1'000));
  patience.progress(BootTime{0});
  CHECK(patience.wait(BootTime{900}, Duration(10'000)) == Duration(100));
  CHECK(patience.wait(BootTime{1'000}, Duration(0)) == std::nullopt);
  CHECK(Patience(Duration(0)).wait(BootTime{0}, Duration(0)) == std::nullopt);
}

}  // namespace
}  // namespace ackd
