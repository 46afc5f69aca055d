// The lanes that are asleep until a known time, by that time: a heap in which each lane knows its own spot, so that one
// that is woken by something else leaves at once. It costs a lane 16 bytes; a node of a tree would cost it 48.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/lane.h"

namespace ackd {

class Sleepers {
 public:
  // REQUIRES: the lane is not here, and does not move in memory until it has been removed.
  void add(Lane& lane, EngineTime wakes_at);
  // REQUIRES: the lane is here.
  void remove(const Lane& lane);

  bool empty() const { return heap_.empty(); }
  // Who wakes first, of several the one with the lowest id, and when. REQUIRES: !empty().
  Lane& first() const { return *heap_.front().lane; }
  EngineTime first_wake() const { return heap_.front().wakes_at; }

 private:
  struct Sleeper {
    EngineTime wakes_at;
    Lane* lane;
  };
  static bool before(const Sleeper& a, const Sleeper& b);
  // Each moves the gap at this index to where the sleeper may lie, and lays it there.
  void rise(std::size_t gap, Sleeper sleeper);
  void sink(std::size_t gap, Sleeper sleeper);
  void lay(std::size_t index, Sleeper sleeper);
  // Of the children the one that wakes first; heap_.size() when there is none.
  std::size_t first_child(std::size_t parent) const;

  std::vector<Sleeper> heap_;
};

}  // namespace ackd
