// One process owns an outbox: an flock on "<database>.lock", held for the owner's life and dropped by the kernel
// however the process ends. The file stays behind, empty of meaning.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace ackd {

class OwnerLock {
 public:
  // Refuses at once, naming the file, when another process (or this one, twice) holds the lock.
  static Result<OwnerLock> take(const std::string& database_path);

 private:
  explicit OwnerLock(UniqueFd file) : file_(std::move(file)) {}
  UniqueFd file_;
};

}  // namespace ackd
