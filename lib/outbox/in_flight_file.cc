#include "outbox/in_flight_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/unique_fd.h"
#include "outbox/database_place.h"

namespace ackd {
namespace {

constexpr std::uint64_t kMagic = 0x31'59'4c'46'44'4b'43'41;  // "ACKDFLY1" as little-endian bytes
constexpr std::size_t kHeaderBytes = 16;
constexpr std::size_t kSlotBytes = 32;

struct Header {
  std::uint64_t magic = kMagic;
  std::uint64_t slots = 0;
};
static_assert(sizeof(Header) == kHeaderBytes);

Error trouble(const std::string& path, const char* what) {
  const ErrorCode code = errno == ENOSPC ? ErrorCode::kStorageFull : ErrorCode::kIo;
  return {code, fmt::format("cannot {} the in-flight file {}: {}", what, path, std::strerror(errno)), {}};
}

std::uint64_t check_word(std::int64_t id, std::uint32_t attempt, std::uint32_t suspect) {
  // splitmix64's finisher: any flipped bit changes about half of the word.
  std::uint64_t word = static_cast<std::uint64_t>(id) ^ (std::uint64_t{attempt} << 32U | suspect) ^ kMagic;
  word = (word ^ (word >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  word = (word ^ (word >> 27U)) * 0x94d049bb133111ebULL;
  return word ^ (word >> 31U);
}

std::size_t bytes_for(std::size_t slots) {
  return kHeaderBytes + slots * kSlotBytes;
}

}  // namespace

struct InFlightFile::Slot {
  std::int64_t id;
  std::uint32_t attempt;
  std::uint32_t suspect;
  std::uint64_t check;
  std::uint64_t unused;

  std::optional<InFlightEntry> entry() const {
    if (id <= 0 || suspect > 1 || check != check_word(id, attempt, suspect)) return std::nullopt;
    return InFlightEntry{{id}, attempt, suspect == 1};
  }
  void fill(const InFlightEntry& entry) {
    attempt = entry.attempt;
    suspect = entry.suspect ? 1 : 0;
    check = check_word(entry.id.value, attempt, suspect);
    std::atomic_ref(id).store(entry.id.value, std::memory_order_release);
  }
  void clear() { std::atomic_ref(id).store(0, std::memory_order_release); }
};

namespace {

// The old file's bytes, at most as many as the largest file has; empty when there is none.
Result<std::string> read_old(const std::string& path) {
  if (const Status safe = check_private_file(path, "the in-flight file"); !safe) return safe.error();
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.valid()) {
    if (errno == ENOENT) return std::string();
    return trouble(path, "open");
  }
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) return trouble(path, "read");
  std::string bytes(std::min(static_cast<std::size_t>(about.st_size), bytes_for(InFlightFile::kCapacityMax)), '\0');
  std::size_t got = 0;
  while (got < bytes.size()) {
    const ssize_t n = ::pread(file.get(), bytes.data() + got, bytes.size() - got, static_cast<off_t>(got));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;  // an unreadable tail is treated as absent slots
    got += static_cast<std::size_t>(n);
  }
  bytes.resize(got);
  return bytes;
}

bool has_layout(const std::string& bytes, std::size_t slots) {
  Header header;
  if (bytes.size() != bytes_for(slots)) return false;
  std::memcpy(&header, bytes.data(), sizeof header);
  return header.magic == kMagic && header.slots == slots;
}

Result<void*> map_file(const std::string& path, int flags, std::size_t slots) {
  const UniqueFd file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600));
  if (!file.valid()) return trouble(path, "open");
  if (const int error = ::posix_fallocate(file.get(), 0, static_cast<off_t>(bytes_for(slots))); error != 0) {
    errno = error;
    return trouble(path, "allocate");
  }
  void* mapping = ::mmap(nullptr, bytes_for(slots), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (mapping == MAP_FAILED) return trouble(path, "map");
  return mapping;
}

}  // namespace

Result<std::unique_ptr<InFlightFile>> InFlightFile::open(const Options& options) {
  if (options.capacity == 0 || options.capacity > kCapacityMax) {
    return invalid(fmt::format("in-flight capacity {} is outside 1 to {}", options.capacity, kCapacityMax));
  }
  const auto old = read_old(options.path);
  if (!old) return old.error();
  std::vector<InFlightEntry> found;
  for (std::size_t at = kHeaderBytes; at + kSlotBytes <= old->size(); at += kSlotBytes) {
    Slot slot;
    std::memcpy(&slot, old->data() + at, sizeof slot);
    if (const auto entry = slot.entry()) found.push_back(*entry);
  }
  const std::size_t slots = std::max(options.capacity, found.size());
  if (has_layout(*old, slots)) {
    const auto mapping = map_file(options.path, 0, slots);
    if (!mapping) return mapping.error();
    std::unique_ptr<InFlightFile> file(new InFlightFile(*mapping, slots));
    file->adopt_slots();
    return file;
  }
  // A new file takes the old one's place in one step, so that dying here loses no survivor.
  const std::string fresh = options.path + ".new";
  ::unlink(fresh.c_str());
  const auto mapping = map_file(fresh, O_CREAT | O_EXCL, slots);
  if (!mapping) return mapping.error();
  std::unique_ptr<InFlightFile> file(new InFlightFile(*mapping, slots));
  const Header header{kMagic, slots};
  std::memcpy(*mapping, &header, sizeof header);
  for (std::size_t i = 0; i < found.size(); ++i) file->slot(i).fill(found[i]);
  if (::rename(fresh.c_str(), options.path.c_str()) != 0) return trouble(options.path, "replace");
  file->adopt_slots();
  return file;
}

InFlightFile::~InFlightFile() {
  ::munmap(mapping_, bytes_for(slots_));
}

InFlightFile::Slot& InFlightFile::slot(std::size_t index) const {
  return *reinterpret_cast<Slot*>(static_cast<char*>(mapping_) + bytes_for(index));
}

void InFlightFile::adopt_slots() {
  for (std::size_t i = slots_; i-- > 0;) {
    const auto entry = slot(i).entry();
    if (entry && slot_of_.emplace(entry->id, i).second) {
      survivors_.push_back(*entry);
    } else {
      slot(i).clear();
      free_.push_back(i);
    }
  }
  std::ranges::sort(survivors_, {}, &InFlightEntry::id);
}

void InFlightFile::enter(const InFlightEntry& entry) {
  CHECK_THAT(entry.id.value > 0, "an entry without an id");
  CHECK_THAT(room(), "more in flight than the in-flight file has slots");
  const std::size_t index = free_.back();
  const bool entered = slot_of_.emplace(entry.id, index).second;
  CHECK_THAT(entered, "a notification in flight twice");
  free_.pop_back();
  slot(index).fill(entry);
}

void InFlightFile::leave(NotificationId id) {
  const auto found = slot_of_.find(id);
  if (found == slot_of_.end()) return;
  slot(found->second).clear();
  free_.push_back(found->second);
  slot_of_.erase(found);
}

}  // namespace ackd
