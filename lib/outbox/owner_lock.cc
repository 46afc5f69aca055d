#include "outbox/owner_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>

namespace ackd {
namespace {

Error io(std::string message) {
  return {ErrorCode::kIo, std::move(message), {}};
}

}  // namespace

Result<OwnerLock> OwnerLock::take(const std::string& database_path) {
  const std::string path = database_path + ".lock";
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) return io(fmt::format("the owner lock {} cannot be opened: {}", path, std::strerror(errno)));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK)
      return io(fmt::format("the owner lock {} cannot be taken: {}", path, std::strerror(errno)));
    return Error{
        ErrorCode::kConflict,
        fmt::format("the outbox {} is owned by another process (lock {}); stop that ackd first, or give this one "
                    "its own data directory",
                    database_path, path),
        {}};
  }
  return OwnerLock(std::move(file));
}

}  // namespace ackd
