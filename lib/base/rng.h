// The only door to chance: jitter, nonces and run ids come from here, so a seed repeats a whole run.
#pragma once

#include <cstdint>

namespace ackd {

class Rng {
 public:
  virtual ~Rng() = default;
  // Uniform over all 64 bits. The production source (loop/system_rng.h) is cryptographic.
  virtual std::uint64_t next() = 0;
};

}  // namespace ackd
