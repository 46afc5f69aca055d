// Any bytes as the in-flight file: it opens, and its survivors are among the slots whose check word fits, each id once;
// there is room for exactly the rest; and what is entered and left after that is what the next opening finds.
//
// The input's first byte is the capacity. A slot whose last word begins with 'v' gets the check word that makes it a
// valid one, which no fuzzer would guess; a file that begins with 'A' gets a header that fits.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "fuzz_folder.h"
#include "outbox/in_flight_file.h"
#include "target.h"

namespace {

using namespace ackd;

constexpr std::size_t kHeaderBytes = 16;
constexpr std::size_t kSlotBytes = 32;
constexpr std::string_view kMagic = "ACKDFLY1";

struct Slot {
  std::int64_t id;
  std::uint32_t attempt;
  std::uint32_t suspect;
  std::uint64_t check;
  std::uint64_t unused;
};
static_assert(sizeof(Slot) == kSlotBytes);

// As the header of the file's format says: the id, attempt and suspect flag, mixed.
std::uint64_t check_word(const Slot& slot) {
  std::uint64_t magic = 0;
  std::memcpy(&magic, kMagic.data(), sizeof magic);
  std::uint64_t word = static_cast<std::uint64_t>(slot.id);
  word ^= magic ^ ((static_cast<std::uint64_t>(slot.attempt) << 32) + slot.suspect);
  for (const auto& [shift, factor] : {std::pair(30, 0xbf58476d1ce4e5b9ULL), std::pair(27, 0x94d049bb133111ebULL)}) {
    word = (word ^ (word >> shift)) * factor;
  }
  return word ^ (word >> 31);
}

std::vector<Slot> slots_of(std::string_view file) {
  std::vector<Slot> slots;
  for (std::size_t at = kHeaderBytes; at + kSlotBytes <= file.size(); at += kSlotBytes) {
    slots.emplace_back();
    std::memcpy(&slots.back(), file.data() + at, kSlotBytes);
  }
  return slots;
}

std::string made_plausible(std::string file) {
  const std::uint64_t slots = slots_of(file).size();
  if (file.size() >= kHeaderBytes && file[0] == 'A') {
    std::memcpy(file.data(), kMagic.data(), kMagic.size());
    std::memcpy(file.data() + kMagic.size(), &slots, sizeof slots);
  }
  for (std::size_t i = 0; i < slots; ++i) {
    Slot slot = slots_of(file)[i];
    if ((slot.unused & 0xFF) != 'v') continue;
    slot.suspect &= 1;
    slot.check = check_word(slot);
    std::memcpy(file.data() + kHeaderBytes + i * kSlotBytes, &slot, kSlotBytes);
  }
  return file;
}

// What the file may be believed to say: for each id, the entries that claim it.
std::multimap<std::int64_t, InFlightEntry> believable(std::string_view file) {
  std::multimap<std::int64_t, InFlightEntry> entries;
  for (const Slot& slot : slots_of(file)) {
    if (slot.id <= 0 || slot.suspect > 1 || slot.check != check_word(slot)) continue;
    entries.emplace(slot.id, InFlightEntry{{slot.id}, slot.attempt, slot.suspect == 1});
  }
  return entries;
}

std::string read(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::unique_ptr<InFlightFile> open(const std::string& path, std::size_t capacity) {
  auto file = InFlightFile::open({path, capacity});
  CHECK_THAT(file.ok(), "no content makes opening fail");
  return *std::move(file);
}

void check_survivors(const std::vector<InFlightEntry>& survivors, std::string_view bytes) {
  const auto entries = believable(bytes);
  std::size_t ids = 0;
  for (auto at = entries.begin(); at != entries.end(); at = entries.upper_bound(at->first)) ++ids;
  CHECK_THAT(survivors.size() == ids, "every id that the file names survives, once");
  for (const InFlightEntry& survivor : survivors) {
    const auto [first, last] = entries.equal_range(survivor.id.value);
    CHECK_THAT(std::any_of(first, last, [&](const auto& entry) { return entry.second == survivor; }),
               "nothing survives that was not there");
  }
}

// Fills it up with ids that are not among the survivors; returns what is in it then.
std::vector<InFlightEntry> fill(InFlightFile& file) {
  std::vector<InFlightEntry> inside = file.survivors();
  const std::vector<InFlightEntry> old = inside;
  for (std::int64_t id = 1; file.room(); ++id) {
    const InFlightEntry entry{{id}, static_cast<std::uint32_t>(id), false};
    const auto same = [&](const InFlightEntry& each) { return each.id == entry.id; };
    if (std::any_of(old.begin(), old.end(), same)) continue;
    file.enter(entry);
    inside.push_back(entry);
  }
  return inside;
}

}  // namespace

int ackd::fuzz::try_input(std::string_view input) {
  static const fuzz::FuzzFolder folder;
  if (input.empty()) return 0;
  const std::size_t capacity = 1 + static_cast<unsigned char>(input[0]) % 64;
  const std::string bytes = made_plausible(std::string(input.substr(1)));
  const std::string path = folder.write("in_flight", bytes);
  auto file = open(path, capacity);
  check_survivors(file->survivors(), bytes);
  std::vector<InFlightEntry> inside = fill(*file);
  const std::size_t slots = std::max(capacity, believable(bytes).size());
  CHECK_THAT(inside.size() == slots, "there is room for what the capacity says, and for every survivor");
  // Every other one leaves, and the process dies: nothing is closed before the file is read again.
  for (std::size_t i = 0; i < inside.size(); i += 2) file->leave(inside[i].id);
  const std::string left = read(path);
  CHECK_THAT(left.size() == kHeaderBytes + slots * kSlotBytes, "the file is as large as its slots");
  CHECK_THAT(believable(left).size() == inside.size() / 2, "what left is gone, what stayed is there");
  const auto again = open(path, capacity);
  check_survivors(again->survivors(), left);
  return 0;
}
