// No input may keep the daemon's loop standing still, so each is timed; in processor time, since the machine that
// fuzzes has other things to do as well.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string_view>

#include "base/check.h"
#include "target.h"

namespace {

// Of the optimised build that fuzzes, with its sanitizers. The one that replays is not optimised.
#ifdef __OPTIMIZE__
constexpr double kMillisecondsMax = 100;
#else
constexpr double kMillisecondsMax = 1'000;
#endif

double slowest = 0;

double processor_ms() {
  return static_cast<double>(std::clock()) * 1'000 / CLOCKS_PER_SEC;
}

}  // namespace

double ackd::fuzz::slowest_ms() {
  return slowest;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The first input pays for what is loaded once.
  static const int first = ackd::fuzz::try_input({reinterpret_cast<const char*>(data), size});
  (void)first;
  const double before = processor_ms();
  const int kept = ackd::fuzz::try_input({reinterpret_cast<const char*>(data), size});
  const double took = processor_ms() - before;
  slowest = std::max(slowest, took);
  CHECK_THAT(took <= kMillisecondsMax, "no input takes long");
  return kept;
}
