// Memory that runs out at a chosen moment: linked into a daemon of the tests' own, it replaces operator new and what
// SQLite allocates with. A test says when, in a file that both have mapped; without that file nothing ever fails.
//
//   kind 0 is operator new, kind 1 is SQLite; each has three words of 64 bits:
//   left   the so-many-th call from now on fails, and is the only one; 0 for none
//   seen   calls until now
//   fired  calls that have failed
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "base/unique_fd.h"

namespace {

struct Kind {
  std::atomic<std::int64_t> left;
  std::atomic<std::int64_t> seen;
  std::atomic<std::int64_t> fired;
};
struct Control {
  Kind kinds[2];
};

constinit std::atomic<Control*> control{nullptr};
sqlite3_mem_methods of_sqlite;

bool fails(int number) {
  Control* const shared = control.load(std::memory_order_relaxed);
  if (shared == nullptr) return false;
  Kind& kind = shared->kinds[number];
  ++kind.seen;
  if (kind.left.load() <= 0 || --kind.left != 0) return false;
  ++kind.fired;
  return true;
}

void* allocate(std::size_t bytes) {
  for (;;) {
    void* const memory = fails(0) ? nullptr : std::malloc(bytes == 0 ? 1 : bytes);
    if (memory != nullptr) return memory;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

void* sqlite_allocate(int bytes) {
  return fails(1) ? nullptr : of_sqlite.xMalloc(bytes);
}

void* sqlite_reallocate(void* memory, int bytes) {
  return fails(1) ? nullptr : of_sqlite.xRealloc(memory, bytes);
}

bool begin() {
  const char* const path = std::getenv("ACKD_TEST_MEMORY");
  if (path == nullptr) return false;
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &of_sqlite);
  sqlite3_mem_methods failing = of_sqlite;
  failing.xMalloc = sqlite_allocate;
  failing.xRealloc = sqlite_reallocate;
  sqlite3_config(SQLITE_CONFIG_MALLOC, &failing);
  const ackd::UniqueFd file(::open(path, O_RDWR | O_CLOEXEC));
  void* const mapped = ::mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (mapped == MAP_FAILED) std::abort();
  control = static_cast<Control*>(mapped);
  return true;
}

const bool begun = begin();

}  // namespace

void* operator new(std::size_t bytes) {
  return allocate(bytes);
}

void* operator new[](std::size_t bytes) {
  return allocate(bytes);
}

void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return allocate(bytes);
}

void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return allocate(bytes);
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}

void operator delete[](void* memory) noexcept {
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
