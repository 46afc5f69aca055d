// The disk that other tests believe.
#include "power_loss_disk.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

using Kind = DiskChange::Kind;

struct Cuts {
  explicit Cuts(const PowerLossDisk& disk) {
    std::mt19937_64 random(7);
    for (int i = 0; i < 200; ++i) images.push_back(disk.cut(random, counts));
  }
  // How many of them have the file with this content.
  std::size_t with(const std::string& file, const std::string& content) const {
    std::size_t found = 0;
    for (const DiskImage& image : images) found += image.contains(file) && image.at(file) == content ? 1 : 0;
    return found;
  }
  std::size_t without(const std::string& file) const {
    std::size_t found = 0;
    for (const DiskImage& image : images) found += image.contains(file) ? 0 : 1;
    return found;
  }

  std::vector<DiskImage> images;
  CutCounts counts;
};

}  // namespace

TEST_CASE("what was synced survives every cut, what was not may") {
  PowerLossDisk disk(DiskImage{{"a", "old"}});
  disk.apply({Kind::kWrite, "a", 0, "new"});
  CHECK(disk.content("a") == "new");
  const Cuts before(disk);
  CHECK(before.with("a", "old") > 20);
  CHECK(before.with("a", "new") > 20);
  CHECK(before.with("a", "old") + before.with("a", "new") == 200);
  disk.apply({Kind::kSync, "a", 0, {}});
  CHECK(Cuts(disk).with("a", "new") == 200);
}

TEST_CASE("a write is torn at sectors, and a later one may survive alone") {
  PowerLossDisk disk(DiskImage{{"a", std::string(3 * kSectorBytes, '0')}});
  disk.apply({Kind::kWrite, "a", 0, std::string(3 * kSectorBytes, '1')});
  disk.apply({Kind::kWrite, "a", kSectorBytes, std::string(kSectorBytes, '2')});
  const Cuts cuts(disk);
  CHECK(cuts.counts.torn_writes > 10);
  const std::string zero(kSectorBytes, '0');
  const std::string one(kSectorBytes, '1');
  const std::string two(kSectorBytes, '2');
  CHECK(cuts.with("a", zero + two + zero) > 0);
  CHECK(cuts.with("a", one + one + one) + cuts.with("a", one + one + zero) > 0);
}

TEST_CASE("a file that was made or removed since its folder was synced may be there or not") {
  PowerLossDisk disk(DiskImage{{"a", "a"}});
  disk.apply({Kind::kCreate, "b", 0, {}});
  disk.apply({Kind::kWrite, "b", 0, "b"});
  disk.apply({Kind::kSync, "b", 0, {}});
  disk.apply({Kind::kRemove, "a", 0, {}});
  const Cuts before(disk);
  CHECK(before.without("b") > 20);
  CHECK(before.with("b", "b") > 20);
  CHECK(before.with("a", "a") > 20);
  CHECK(before.without("a") > 20);
  disk.apply({Kind::kSyncFolder, {}, 0, {}});
  const Cuts after(disk);
  CHECK(after.with("b", "b") == 200);
  CHECK(after.without("a") == 200);
}

TEST_CASE("what a failed sync has lost no later one writes") {
  PowerLossDisk disk(DiskImage{{"a", std::string(64 * kSectorBytes, '0')}});
  disk.apply({Kind::kWrite, "a", 0, std::string(64 * kSectorBytes, '1')});
  disk.apply({Kind::kFailSync, "a", 1, {}});
  disk.apply({Kind::kSync, "a", 0, {}});
  CHECK(disk.content("a") == std::string(64 * kSectorBytes, '1'));
  CHECK(Cuts(disk).with("a", disk.content("a")) == 0);
}

}  // namespace ackd
