// The published mark as a file that the platform reads: {"identity":"...","mark":N}. Whoever opens it finds the whole
// of one state, never half of one, and never a mark ahead of ackd's commit.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace ackd {

struct PublishedMark {
  std::string identity;
  std::int64_t mark = 0;
  friend bool operator==(const PublishedMark&, const PublishedMark&) = default;
};

// Writes a file of mode 0644 beside `path`, syncs it and renames it over.
Status write_mark_file(const std::string& path, const PublishedMark& published);

}  // namespace ackd
