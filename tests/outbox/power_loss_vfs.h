// A SQLite VFS whose files are on a PowerLossDisk. It syncs folders where SQLite's own VFS for Unix does: with the
// first sync of a journal or WAL that it has made, and when a removal asks for it.
//
// One at a time in a process, and for one connection: nothing here is locked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "power_loss_disk.h"

namespace ackd {

// What goes wrong with the Nth change, counted from 1.
struct DiskFault {
  enum class Kind : std::uint8_t {
    kIo,    // this call alone fails
    kFull,  // this write and every later one fails, until somebody makes room
  };
  Kind kind = Kind::kIo;
  std::uint64_t at = 0;
};

class PowerLossVfs {
 public:
  static constexpr const char* kName = "ackd_power_loss";

  // Installs itself; the one before it must be gone.
  explicit PowerLossVfs(const DiskImage& image = {});
  ~PowerLossVfs();
  PowerLossVfs(const PowerLossVfs&) = delete;
  PowerLossVfs& operator=(const PowerLossVfs&) = delete;

  // A disk that says it has synced and has not.
  void ignore_syncs() { ignores_syncs_ = true; }
  void plan(DiskFault fault) { fault_ = fault; }
  void make_room() { fault_.reset(); }
  // How many changes were made before the first that failed; nothing when none did.
  std::optional<std::size_t> failed_behind() const { return failed_behind_; }

  void mark(std::size_t what) { log_.push_back({DiskChange::Kind::kMark, {}, what, {}}); }
  const std::vector<DiskChange>& log() const { return log_; }
  std::uint64_t changes() const { return changes_; }
  const PowerLossDisk& disk() const { return disk_; }

  // --- For the VFS's own functions ---

  // Whether the change was made; it is in the log then.
  bool change(DiskChange change);
  bool sync(const std::string& file, bool with_folder);
  // Whether it was a full disk that the last change failed of.
  bool is_full() const { return fault_ && fault_->kind == DiskFault::Kind::kFull; }

 private:
  bool fails(const DiskChange& change);
  void keep(DiskChange change);

  PowerLossDisk disk_;
  std::vector<DiskChange> log_;
  std::optional<DiskFault> fault_;
  std::uint64_t changes_ = 0;
  std::size_t made_ = 0;  // of them
  std::optional<std::size_t> failed_behind_;
  bool ignores_syncs_ = false;
};

}  // namespace ackd
