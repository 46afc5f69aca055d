#include "outbox/owner_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace ackd {
namespace {

Error io(std::string message) {
  return {ErrorCode::kIo, std::move(message), {}};
}

Status check_folder(const std::string& folder) {
  struct stat about {};
  if (::lstat(folder.c_str(), &about) != 0) {
    return io(
        fmt::format("the data directory {} cannot be read: {}; create it with mode 0700 for the user that runs ackd",
                    folder, std::strerror(errno)));
  }
  if (S_ISLNK(about.st_mode)) {
    return invalid(
        fmt::format("the data directory {} is a symbolic link, which could be turned elsewhere while ackd "
                    "runs; name the real directory",
                    folder));
  }
  if (!S_ISDIR(about.st_mode)) return invalid(fmt::format("the data directory {} is not a directory", folder));
  if ((about.st_mode & S_IWOTH) != 0) {
    return invalid(fmt::format("the data directory {} is writable by everyone (mode {:04o}); chmod it to 0700", folder,
                               about.st_mode & 07777U));
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    return io(fmt::format("the data directory {} is not writable: {}", folder, std::strerror(errno)));
  }
  return Done{};
}

Status check_file(const std::string& path) {
  struct stat about {};
  if (::lstat(path.c_str(), &about) != 0) {
    if (errno == ENOENT) return Done{};
    return io(fmt::format("the outbox file {} cannot be read: {}", path, std::strerror(errno)));
  }
  if (!S_ISREG(about.st_mode)) return invalid(fmt::format("the outbox file {} is not a regular file", path));
  if ((about.st_mode & (S_IWOTH | S_IROTH)) != 0) {
    return invalid(
        fmt::format("the outbox file {} is open to everyone (mode {:04o}) and holds payment data; chmod it to "
                    "0600",
                    path, about.st_mode & 07777U));
  }
  if (::access(path.c_str(), R_OK | W_OK) != 0) {
    return io(fmt::format("the outbox file {} is not writable: {}", path, std::strerror(errno)));
  }
  return Done{};
}

}  // namespace

Status check_database_place(const std::string& database_path) {
  const std::filesystem::path parent = std::filesystem::path(database_path).parent_path();
  if (const Status folder = check_folder(parent.empty() ? "." : parent.string()); !folder) return folder;
  for (const char* suffix : {"", "-wal", "-shm", ".lock", ".ballast"}) {
    if (const Status file = check_file(database_path + suffix); !file) return file;
  }
  return Done{};
}

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
