// A disk in memory with a volatile cache, and what a power cut leaves of it.
//
// A file has what is durable and the changes that no sync has covered yet. A cut keeps any of these: each sector of
// each write for itself, so that writes are lost, torn and overtaken by later ones; a truncation or none; a file that
// was made or removed since its folder was synced, or not. What was synced is always there.
//
// Every change is kept in a log, with marks between them. The log is replayed to look at the cut before each change
// without running the program again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace ackd {

inline constexpr std::size_t kSectorBytes = 512;

struct DiskChange {
  enum class Kind : std::uint8_t { kCreate, kWrite, kTruncate, kSync, kFailSync, kSyncFolder, kRemove, kMark };

  Kind kind = Kind::kMark;
  std::string file;
  // Of a write: its place. Of a truncation: the new size. Of a failed sync: what decides which of the unsynced changes
  // survive; it is decided then, and no later sync writes the rest. Of a mark: whatever it stands for.
  std::size_t at = 0;
  std::string bytes;
};

// What is on the disk after a cut, by the files' names.
using DiskImage = std::map<std::string, std::string>;

struct CutCounts {
  std::uint64_t kept_sectors = 0;
  std::uint64_t lost_sectors = 0;
  std::uint64_t torn_writes = 0;  // some of their sectors were kept, some lost
};

class PowerLossDisk {
 public:
  PowerLossDisk() = default;
  // Everything in the image is durable.
  explicit PowerLossDisk(const DiskImage& image);

  void apply(const DiskChange& change);
  bool exists(const std::string& file) const { return files_.contains(file); }
  // As whoever runs on it sees the file. REQUIRES: it exists.
  const std::string& content(const std::string& file) const { return files_.at(file).content; }

  // What a cut now would leave. `random` decides what survives.
  DiskImage cut(std::mt19937_64& random, CutCounts& counts) const;

 private:
  struct File {
    std::string durable;
    std::string content;
    std::vector<DiskChange> unsynced;
    bool has_durable_name = false;
  };
  static void fail_sync(File& file, std::size_t seed);
  static std::string survivor(const File& file, unsigned percent, std::mt19937_64& random, CutCounts& counts);

  std::map<std::string, File> files_;
  std::map<std::string, File> removed_;  // since the folder was synced
};

}  // namespace ackd
