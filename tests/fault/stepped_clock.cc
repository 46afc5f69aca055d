// A wall clock that is wrong by as much as a test says, in a file that both have mapped: one word of 64 bits,
// nanoseconds.
//
// Linked into a daemon of the tests' own, where these functions come before the C library's for all libraries alike.
// The monotonic clocks stay true, as they do on a real machine. A preloaded library would do the same, but not together
// with the address sanitizer.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

constinit std::atomic<std::atomic<std::int64_t>*> wrong_by{nullptr};

bool begin() {
  const char* const path = std::getenv("ACKD_TEST_CLOCK");
  if (path == nullptr) return false;
  const int file = ::open(path, O_RDWR | O_CLOEXEC);
  void* const mapped = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED) std::abort();
  ::close(file);
  wrong_by = static_cast<std::atomic<std::int64_t>*>(mapped);
  return true;
}

const bool begun = begin();

timespec wall() {
  timespec now{};
  ::syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  const std::atomic<std::int64_t>* const by = wrong_by.load();
  if (by == nullptr) return now;
  const std::int64_t shown = now.tv_sec * kSecond + now.tv_nsec + by->load();
  return {shown / kSecond, shown % kSecond};
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* out) noexcept {
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) {
    return static_cast<int>(::syscall(SYS_clock_gettime, clock, out));
  }
  *out = wall();
  return 0;
}

int gettimeofday(timeval* out, void*) noexcept {
  const timespec now = wall();
  *out = {now.tv_sec, now.tv_nsec / 1'000};
  return 0;
}

time_t time(time_t* out) noexcept {
  const time_t now = wall().tv_sec;
  if (out != nullptr) *out = now;
  return now;
}

}  // extern "C"
