// CHECK is for bugs only: a condition that no input, disk or receiver can break. It is on in every build, because a
// daemon that carries on with a broken invariant sends money messages twice.
#pragma once

namespace ackd {

// Prints where and what to standard error and aborts.
[[noreturn]] void check_failed(const char* file, int line, const char* condition, const char* why) noexcept;

}  // namespace ackd

#define CHECK_THAT(condition, why)                                               \
  do {                                                                           \
    if (!(condition)) ::ackd::check_failed(__FILE__, __LINE__, #condition, why); \
  } while (false)
