// A SQLite VFS that hands everything to the default one until it is told to fail. What the disk does to the outbox is
// tried through it: a failed sync, a failed write.
#pragma once

#include <atomic>
#include <string>

namespace ackd {

struct FaultVfs {
  static constexpr const char* kName = "ackd_fault";

  // Every sync (or write) from now on fails with SQLITE_IOERR_FSYNC (SQLITE_IOERR_WRITE).
  inline static std::atomic<bool> fail_syncs{false};
  inline static std::atomic<bool> fail_writes{false};
  // Counts what got through, so that a test can see that synchronous=FULL does sync.
  inline static std::atomic<int> syncs{0};

  // Once in a process; later calls do nothing.
  static void install();
  static void heal() { fail_syncs = fail_writes = false; }
};

}  // namespace ackd
