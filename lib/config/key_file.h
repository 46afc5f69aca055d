// Reading one merchant's secret. The file is the secret's only home: never the configuration itself, which people copy
// into tickets.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace ackd {

inline constexpr std::size_t kKeyFileBytesMax = 16 * 1024;

// Refuses a file that others than its owner may read or write (mode & 077), that is empty, over the limit, or not a
// regular file. Symbolic links are followed, because secrets are often mounted that way; the rules hold for their
// target. One newline at the end is dropped, since editors add it and no key ends with one.
Result<Secret> read_key_file(const std::string& path);

}  // namespace ackd
