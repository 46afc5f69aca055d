// The in-flight record as an mmap'd file beside the database: fixed slots, written with plain stores, never synced.
//
// After kill -9 the kernel still holds the pages, so every store that was executed is there; after power loss the file
// may hold anything, and is only believed slot by slot.
//
//   header  magic u64 | slots u64                                              16 bytes
//   slot    id i64 | attempt u32 | suspect u32 | check u64 | unused u64        32 bytes, repeated
//
// A slot counts when its id is not zero and its check word fits. The id is stored last and cleared first, so a process
// that dies in the middle of a slot leaves it absent, never half true.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "outbox/in_flight.h"

namespace ackd {

class InFlightFile final : public InFlight {
 public:
  struct Options {
    std::string path;
    std::size_t capacity = 8192;  // entries; 32 bytes each
  };
  static constexpr std::size_t kCapacityMax = 1'048'576;

  // Opens or makes the file with all its blocks allocated: a store into a hole of a full disk would be SIGBUS. A file
  // of another size or with bad slots is read for what is still valid and then put right; it never makes this fail.
  // Survivors above the capacity stretch the file for this run. REQUIRES: the outbox's owner lock is held.
  static Result<std::unique_ptr<InFlightFile>> open(const Options& options);
  ~InFlightFile() override;
  InFlightFile(const InFlightFile&) = delete;
  InFlightFile& operator=(const InFlightFile&) = delete;

  void enter(const InFlightEntry& entry) override;
  // An id that is not entered is ignored.
  void leave(NotificationId id) override;
  bool room() const override { return !free_.empty(); }
  std::vector<InFlightEntry> survivors() const override { return survivors_; }

 private:
  struct Slot;
  InFlightFile(void* mapping, std::size_t slots) : mapping_(mapping), slots_(slots) {}
  Slot& slot(std::size_t index) const;
  void adopt_slots();

  void* mapping_;
  std::size_t slots_;
  std::vector<std::size_t> free_;
  std::unordered_map<NotificationId, std::size_t> slot_of_;
  std::vector<InFlightEntry> survivors_;
};

}  // namespace ackd
