// How much disk is left beside the outbox, and a ballast file to give back when it runs out: with a full disk even a
// delete or a checkpoint fails, so what is in flight could not be settled without a reserve.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "outbox/outbox.h"

namespace ackd {

struct DiskLimits {
  std::uint64_t low_bytes = 256ULL * 1024 * 1024;
  std::uint64_t critical_bytes = 64ULL * 1024 * 1024;
  std::uint64_t ballast_bytes = 8ULL * 1024 * 1024;  // 0 for none
};

class DiskSpace {
 public:
  // The ballast lies in "<database>.ballast"; the folder of the database is what is measured.
  DiskSpace(const std::string& database_path, const DiskLimits& limits);

  // One statvfs. When the call itself fails the disk counts as critical: nothing is known of it.
  DiskBand sample() const;

  // Gives the ballast's blocks back to the file system. False when there was nothing to give.
  bool release_ballast();

  // Lays the ballast down (again) once there is room for it above the low mark; costs a stat while it is there.
  // Failing is no trouble: it is tried again with the next sample.
  void restore_ballast();

 private:
  std::uint64_t free_bytes() const;

  std::string folder_;
  std::string ballast_path_;
  DiskLimits limits_;
};

}  // namespace ackd
