#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace ackd {

void check_failed(const char* file, int line, const char* condition, const char* why) noexcept {
  std::fprintf(stderr, "ackd: bug at %s:%d: %s: %s\n", file, line, condition, why);
  std::abort();
}

}  // namespace ackd
