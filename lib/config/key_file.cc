#include "config/key_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/unique_fd.h"

namespace ackd {
namespace {

Status check_key_file(int fd, const std::string& path) {
  struct stat facts {};
  if (::fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    return invalid(fmt::format("the key file {} is not a regular file", path));
  }
  if ((facts.st_mode & 077) != 0) {
    return invalid(
        fmt::format("the key file {} has mode {:04o}, so others than its owner can use it; run chmod 600 on it", path,
                    facts.st_mode & 07777));
  }
  return Done{};
}

// Reads one byte more than allowed, to see whether there is more. A file may grow between stat and read.
Result<std::string> read_up_to(int fd, const std::string& path, std::size_t bytes_max) {
  std::string bytes(bytes_max + 1, '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::read(fd, bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return Error{ErrorCode::kIo, fmt::format("cannot read the key file {}: {}", path, std::strerror(errno)), {}};
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

void drop_newline(std::string& bytes) {
  if (bytes.ends_with('\n')) bytes.pop_back();
  if (bytes.ends_with('\r')) bytes.pop_back();
}

}  // namespace

Result<Secret> read_key_file(const std::string& path) {
  // Non-blocking: opening a named pipe by mistake must not hang the start.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) {
    return Error{errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                 fmt::format("cannot open the key file {}: {}", path, std::strerror(errno)),
                 {}};
  }
  if (const Status fit = check_key_file(fd.get(), path); !fit) return fit.error();
  Result<std::string> bytes = read_up_to(fd.get(), path, kKeyFileBytesMax);
  if (!bytes) return bytes.error();
  if (bytes->size() > kKeyFileBytesMax) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("the key file {} has more than {} bytes; is it really a key?", path, kKeyFileBytesMax),
                 {}};
  }
  drop_newline(*bytes);
  if (bytes->empty()) return invalid(fmt::format("the key file {} is empty; write the merchant's key into it", path));
  return Secret(std::move(*bytes));
}

}  // namespace ackd
