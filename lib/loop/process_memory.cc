#include "loop/process_memory.h"

#include <fcntl.h>
#ifdef ACKD_MIMALLOC
#include <mimalloc.h>
#else
#include <malloc.h>
#endif
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <string>
#include <string_view>

namespace ackd {
namespace {

// Giving back walks the whole heap, milliseconds for a large one.
constexpr Duration kTrimEvery{1'000};

std::uint64_t page_bytes() {
  return static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// "123 45 ..."; a limit that is none ("max") reads as nothing.
std::optional<std::uint64_t> leading_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  return number;
}

std::uint64_t limit_in(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  std::getline(file, text);
  return leading_number(text).value_or(UINT64_MAX);
}

// The least limit of a group and of those above it. In a container the group's own path may not be visible, but the
// root is then the container's.
std::uint64_t group_limit(const std::string& mount, std::string group, const char* file) {
  std::uint64_t least = limit_in(mount + file);
  while (group.size() > 1) {
    least = std::min(least, limit_in(mount + group + file));
    group.resize(group.rfind('/'));
  }
  return least;
}

// Lines of /proc/self/cgroup: "0::/group" for version 2, "4:memory:/group" for version 1.
std::uint64_t groups_limit() {
  std::uint64_t least = UINT64_MAX;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const std::size_t slash = line.find('/');
    if (slash == std::string::npos) continue;
    const std::string group = line.substr(slash);
    if (line.starts_with("0::")) least = std::min(least, group_limit("/sys/fs/cgroup", group, "/memory.max"));
    if (line.find(":memory:") < slash) {
      least = std::min(least, group_limit("/sys/fs/cgroup/memory", group, "/memory.limit_in_bytes"));
    }
  }
  return least;
}

// What this thread has freed.
void give_back() {
#ifdef ACKD_MIMALLOC
  mi_collect(true);
#else
  ::malloc_trim(0);
#endif
}

}  // namespace

ProcessMemory::ProcessMemory(std::uint64_t bytes_max)
    : bytes_max_(bytes_max), statm_(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC)) {}

std::optional<std::uint64_t> ProcessMemory::resident_bytes() const {
  std::array<char, 128> text{};
  const ssize_t got = ::pread(statm_.get(), text.data(), text.size(), 0);
  if (got <= 0) return std::nullopt;
  const std::string_view line(text.data(), static_cast<std::size_t>(got));
  const std::optional<std::uint64_t> pages = leading_number(line.substr(std::min(line.find(' ') + 1, line.size())));
  if (!pages) return std::nullopt;
  return *pages * page_bytes();
}

std::optional<std::uint64_t> ProcessMemory::sample(BootTime now) {
  if (sampled_at_ && now - *sampled_at_ < kEvery) return std::nullopt;
  sampled_at_ = now;
  const std::optional<std::uint64_t> bytes = resident_bytes();
  const bool is_over = bytes && bytes_max_ > 0 && *bytes > bytes_max_;
  if (!is_over || (trimmed_at_ && now - *trimmed_at_ < kTrimEvery)) return bytes;
  trimmed_at_ = now;
  give_back();
  return resident_bytes();
}

std::uint64_t memory_allowed() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const std::uint64_t machine = pages > 0 ? static_cast<std::uint64_t>(pages) * page_bytes() : UINT64_MAX;
  const std::uint64_t allowed = std::min(machine, groups_limit());
  return allowed == UINT64_MAX ? 0 : allowed;
}

}  // namespace ackd
