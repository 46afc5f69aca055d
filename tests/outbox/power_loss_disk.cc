#include "power_loss_disk.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace ackd {
namespace {

void write(std::string& content, std::size_t at, std::string_view bytes) {
  content.resize(std::max(content.size(), at + bytes.size()));
  content.replace(at, bytes.size(), bytes);
}

void make(std::string& content, const DiskChange& change) {
  if (change.kind == DiskChange::Kind::kWrite) write(content, change.at, change.bytes);
  if (change.kind == DiskChange::Kind::kTruncate) content.resize(change.at);
}

bool chance(std::mt19937_64& random, unsigned percent) {
  return random() % 100 < percent;
}

// Each part of the write that lies in one sector survives or not, for itself.
void keep_sectors(std::string& content, const DiskChange& change, unsigned percent, std::mt19937_64& random,
                  CutCounts& counts) {
  std::size_t kept = 0;
  std::size_t lost = 0;
  for (std::size_t from = 0; from < change.bytes.size();) {
    const std::size_t left_in_sector = kSectorBytes - (change.at + from) % kSectorBytes;
    const std::string_view part = std::string_view(change.bytes).substr(from, left_in_sector);
    if (chance(random, percent)) {
      write(content, change.at + from, part);
      ++kept;
    } else {
      ++lost;
    }
    from += part.size();
  }
  counts.kept_sectors += kept;
  counts.lost_sectors += lost;
  counts.torn_writes += kept > 0 && lost > 0 ? 1 : 0;
}

}  // namespace

PowerLossDisk::PowerLossDisk(const DiskImage& image) {
  for (const auto& [name, bytes] : image) files_[name] = {bytes, bytes, {}, true};
}

void PowerLossDisk::apply(const DiskChange& change) {
  switch (change.kind) {
    case DiskChange::Kind::kMark: return;
    case DiskChange::Kind::kCreate: files_.try_emplace(change.file); return;
    case DiskChange::Kind::kSyncFolder:
      removed_.clear();
      for (auto& [name, file] : files_) file.has_durable_name = true;
      return;
    case DiskChange::Kind::kRemove: {
      const auto found = files_.find(change.file);
      if (found == files_.end()) return;
      if (found->second.has_durable_name) removed_.insert_or_assign(change.file, std::move(found->second));
      files_.erase(found);
      return;
    }
    default: break;
  }
  File& file = files_.at(change.file);
  if (change.kind == DiskChange::Kind::kSync) {
    // Not simply all that is read: what a failed sync has lost stays lost.
    for (const DiskChange& unsynced : std::exchange(file.unsynced, {})) make(file.durable, unsynced);
    return;
  }
  if (change.kind == DiskChange::Kind::kFailSync) return fail_sync(file, change.at);
  make(file.content, change);
  file.unsynced.push_back(change);
}

std::string PowerLossDisk::survivor(const File& file, unsigned percent, std::mt19937_64& random, CutCounts& counts) {
  std::string content = file.durable;
  for (const DiskChange& change : file.unsynced) {
    if (change.kind == DiskChange::Kind::kWrite) {
      keep_sectors(content, change, percent, random, counts);
    } else if (chance(random, percent)) {
      content.resize(change.at);
    }
  }
  return content;
}

DiskImage PowerLossDisk::cut(std::mt19937_64& random, CutCounts& counts) const {
  // All, none, and everything between.
  constexpr std::array<unsigned, 5> kSurvive{0, 100, 50, 10, 90};
  const unsigned percent = kSurvive.at(random() % kSurvive.size());
  DiskImage image;
  for (const auto& [name, file] : removed_) {
    if (chance(random, 50)) image[name] = survivor(file, percent, random, counts);
  }
  for (const auto& [name, file] : files_) {
    if (file.has_durable_name || chance(random, percent)) image[name] = survivor(file, percent, random, counts);
  }
  return image;
}

void PowerLossDisk::fail_sync(File& file, std::size_t seed) {
  std::mt19937_64 random(seed);
  CutCounts ignored;
  file.durable = survivor(file, 50, random, ignored);
  file.unsynced.clear();
}

}  // namespace ackd
