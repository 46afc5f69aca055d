#include "policy/memory_watermark.h"

#include <fmt/format.h>

namespace ackd {

bool MemoryWatermark::observe(const MemoryUse& use) {
  use_ = use;
  const std::uint64_t mark = is_over_ ? use.bytes_max - use.bytes_max / 16 : use.bytes_max;
  const bool was_over = is_over_;
  is_over_ = use.bytes_max > 0 && use.bytes > mark;
  return is_over_ != was_over;
}

std::string describe(const MemoryUse& use) {
  return fmt::format("ackd uses {} MiB of memory, and ingest.memory_max is {} MiB", use.bytes >> 20,
                     use.bytes_max >> 20);
}

}  // namespace ackd
