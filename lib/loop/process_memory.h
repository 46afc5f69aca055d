// How much memory the process uses, and how much it may. Read from /proc, because only the kernel's count is what it
// ends a process by.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "base/unique_fd.h"

namespace ackd {

class ProcessMemory {
 public:
  // What sample() returns at most once in so long: often enough for a limit that leaves room above it, and a system
  // call that no turn notices.
  static constexpr Duration kEvery{250};

  // Above `bytes_max` (0 for never) what was freed is given back to the kernel before it counts: the allocator keeps
  // what a burst needed, and a process would stay over its limit for ever.
  explicit ProcessMemory(std::uint64_t bytes_max);

  // The resident bytes; nothing when the last sample is younger than kEvery, or when the kernel does not tell.
  std::optional<std::uint64_t> sample(BootTime now);

  std::uint64_t bytes_max() const { return bytes_max_; }

 private:
  std::optional<std::uint64_t> resident_bytes() const;

  std::uint64_t bytes_max_;
  UniqueFd statm_;
  std::optional<BootTime> sampled_at_;
  std::optional<BootTime> trimmed_at_;
};

// What the process may use before the kernel ends it: the machine's memory, or what its control groups allow where that
// is less. 0 when neither can be read.
std::uint64_t memory_allowed();

}  // namespace ackd
