// Cryptographic randomness behind the Rng contract: nonces and run ids are security material, so jitter shares it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/rng.h"

namespace ackd {

// getrandom(2), read 256 bytes at a time: the largest read that the kernel never interrupts or shortens, and one system
// call for 32 numbers. Not to be shared between threads or across fork().
class SystemRng : public Rng {
 public:
  ~SystemRng() override;
  std::uint64_t next() override;

 private:
  std::array<std::uint64_t, 32> numbers_{};
  std::size_t used_ = numbers_.size();
};

}  // namespace ackd
