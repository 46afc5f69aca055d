#include "loop/system_rng.h"

#include <sys/random.h>

#include <cstring>
#include <utility>

#include "base/check.h"

namespace ackd {

SystemRng::~SystemRng() {
  explicit_bzero(numbers_.data(), sizeof numbers_);
}

std::uint64_t SystemRng::next() {
  if (used_ == numbers_.size()) {
    const ssize_t got = getrandom(numbers_.data(), sizeof numbers_, 0);
    CHECK_THAT(got == static_cast<ssize_t>(sizeof numbers_), "getrandom(2) failed; nothing may be signed without it");
    used_ = 0;
  }
  // Each number is wiped as it is handed out: a later core dump must not show nonces that were used.
  return std::exchange(numbers_[used_++], 0);
}

}  // namespace ackd
