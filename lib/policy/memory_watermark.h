// Whether the process uses more memory than it was given: then nothing new is let in, and what is there goes on being
// sent. A refused client comes back; what the kernel ends for want of memory is possibly sent.
#pragma once

#include <cstdint>
#include <string>

namespace ackd {

struct MemoryUse {
  std::uint64_t bytes = 0;
  std::uint64_t bytes_max = 0;  // 0 for no limit
};

class MemoryWatermark {
 public:
  // What was measured. True when that changed the answer of is_over(). It is over above the limit, and stays so until a
  // sixteenth of the limit is free again: at the mark itself ingest would open and shut with every request.
  bool observe(const MemoryUse& use);

  bool is_over() const { return is_over_; }
  const MemoryUse& use() const { return use_; }

 private:
  MemoryUse use_;
  bool is_over_ = false;
};

// "ackd uses 412 MiB of memory, and ingest.memory_max is 400 MiB".
std::string describe(const MemoryUse& use);

}  // namespace ackd
