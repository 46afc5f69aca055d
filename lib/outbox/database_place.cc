#include "outbox/database_place.h"

#include <fmt/format.h>
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

const char* way_out(int error) {
  return error == EROFS ? "mount its file system for writing" : "give it to the user that runs ackd (chown)";
}

Error other_owner(const char* what, const std::string& path, uid_t owner) {
  return invalid(
      fmt::format("{} {} belongs to user {}, and ackd runs as user {}; chown it to ackd's user, or run ackd "
                  "as its owner",
                  what, path, owner, ::geteuid()));
}

const char* kind_of(mode_t mode) {
  if (S_ISLNK(mode)) return "a symbolic link";
  if (S_ISDIR(mode)) return "a directory";
  return "a device, a pipe or a socket";
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
  if (!S_ISDIR(about.st_mode)) {
    return invalid(fmt::format("the data directory {} is not a directory; name one as data_dir", folder));
  }
  // Whoever owns the directory can put other files in it; root can do that everywhere.
  if (about.st_uid != ::geteuid() && about.st_uid != 0) return other_owner("the data directory", folder, about.st_uid);
  if ((about.st_mode & S_IWOTH) != 0) {
    return invalid(fmt::format("the data directory {} is writable by everyone (mode {:04o}); chmod it to 0700", folder,
                               about.st_mode & 07777U));
  }
  if (::access(folder.c_str(), R_OK | W_OK | X_OK) != 0) {
    return io(
        fmt::format("the data directory {} is not writable: {}; {}", folder, std::strerror(errno), way_out(errno)));
  }
  return Done{};
}

off_t size_of(const std::string& path) {
  struct stat about {};
  return ::lstat(path.c_str(), &about) == 0 ? about.st_size : 0;
}

Status check_not_lost(const std::string& path) {
  const off_t left = size_of(path + "-wal");
  if (left == 0 || size_of(path) > 0) return Done{};
  return Error{
      ErrorCode::kCorrupt,
      fmt::format("the outbox {} is missing or empty, and {}-wal still has {} bytes of it; put the outbox back "
                  "as it was beside this -wal. To begin with an empty outbox, move the -wal away",
                  path, path, left),
      {}};
}

}  // namespace

Status check_private_file(const std::string& path, const char* what) {
  struct stat about {};
  if (::lstat(path.c_str(), &about) != 0) {
    if (errno == ENOENT) return Done{};
    return io(fmt::format("{} {} cannot be read: {}; {}", what, path, std::strerror(errno), way_out(errno)));
  }
  if (!S_ISREG(about.st_mode)) {
    return invalid(
        fmt::format("{} {} is {}, not a regular file; move it away and, if there was one, put the file itself "
                    "in its place",
                    what, path, kind_of(about.st_mode)));
  }
  if (about.st_uid != ::geteuid()) return other_owner(what, path, about.st_uid);
  if ((about.st_mode & (S_IWOTH | S_IROTH)) != 0) {
    return invalid(fmt::format("{} {} is open to everyone (mode {:04o}) and holds payment data; chmod it to 0600", what,
                               path, about.st_mode & 07777U));
  }
  if (::access(path.c_str(), R_OK | W_OK) != 0) {
    return io(fmt::format("{} {} is not writable: {}; {}", what, path, std::strerror(errno), way_out(errno)));
  }
  return Done{};
}

Status check_database_place(const std::string& database_path) {
  const std::filesystem::path parent = std::filesystem::path(database_path).parent_path();
  if (const Status folder = check_folder(parent.empty() ? "." : parent.string()); !folder) return folder;
  for (const char* suffix : {"", "-wal", "-shm", ".lock", ".ballast"}) {
    if (const Status file = check_private_file(database_path + suffix, "the outbox file"); !file) return file;
  }
  return check_not_lost(database_path);
}

}  // namespace ackd
