#include "outbox/disk_space.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>

#include "base/unique_fd.h"

namespace ackd {

DiskSpace::DiskSpace(const std::string& database_path, const DiskLimits& limits)
    : folder_(std::filesystem::path(database_path).parent_path().string()),
      ballast_path_(database_path + ".ballast"),
      limits_(limits) {
  if (folder_.empty()) folder_ = ".";
}

std::uint64_t DiskSpace::free_bytes() const {
  struct statvfs about {};
  if (::statvfs(folder_.c_str(), &about) != 0) return 0;
  // f_bavail leaves out the blocks that only root may use.
  return static_cast<std::uint64_t>(about.f_bavail) * about.f_frsize;
}

DiskBand DiskSpace::sample() const {
  const std::uint64_t left = free_bytes();
  if (left < limits_.critical_bytes) return DiskBand::kCritical;
  if (left < limits_.low_bytes) return DiskBand::kLow;
  return DiskBand::kPlenty;
}

bool DiskSpace::release_ballast() {
  struct stat about {};
  const bool had = ::lstat(ballast_path_.c_str(), &about) == 0 && about.st_size > 0;
  return ::unlink(ballast_path_.c_str()) == 0 && had;
}

void DiskSpace::restore_ballast() {
  if (limits_.ballast_bytes == 0) return;
  const auto wanted = static_cast<off_t>(limits_.ballast_bytes);
  struct stat about {};
  if (::lstat(ballast_path_.c_str(), &about) == 0 && about.st_size == wanted) return;
  if (free_bytes() < limits_.low_bytes + limits_.ballast_bytes) return;
  ::unlink(ballast_path_.c_str());
  const UniqueFd file(::open(ballast_path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  // fallocate, because a sparse file would hold no blocks to give back.
  if (file.valid() && ::posix_fallocate(file.get(), 0, wanted) != 0) ::unlink(ballast_path_.c_str());
}

}  // namespace ackd
