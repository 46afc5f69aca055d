#include "engine/sleepers.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"

namespace ackd {
namespace {

// They share a cache line, and four instead of two halve the levels: each level passed writes to a lane, wherever that
// lies.
constexpr std::size_t kChildren = 4;

}  // namespace

bool Sleepers::before(const Sleeper& a, const Sleeper& b) {
  return std::tie(a.wakes_at, a.lane->id) < std::tie(b.wakes_at, b.lane->id);
}

void Sleepers::add(Lane& lane, EngineTime wakes_at) {
  heap_.emplace_back();
  rise(heap_.size() - 1, {wakes_at, &lane});
}

// The last one takes over its index, and goes from there to where it belongs.
void Sleepers::remove(const Lane& lane) {
  const std::size_t gap = lane.spot;
  CHECK_THAT(gap < heap_.size() && heap_[gap].lane == &lane, "a lane was not asleep that should be");
  const Sleeper last = heap_.back();
  heap_.pop_back();
  if (gap == heap_.size()) return;
  rise(gap, last);
  sink(last.lane->spot, last);
}

void Sleepers::rise(std::size_t gap, Sleeper sleeper) {
  while (gap > 0) {
    const std::size_t parent = (gap - 1) / kChildren;
    if (!before(sleeper, heap_[parent])) break;
    lay(gap, heap_[parent]);
    gap = parent;
  }
  lay(gap, sleeper);
}

void Sleepers::sink(std::size_t gap, Sleeper sleeper) {
  for (std::size_t child = first_child(gap); child < heap_.size(); child = first_child(gap)) {
    if (!before(heap_[child], sleeper)) break;
    lay(gap, heap_[child]);
    gap = child;
  }
  lay(gap, sleeper);
}

std::size_t Sleepers::first_child(std::size_t parent) const {
  const std::size_t begin = std::min(parent * kChildren + 1, heap_.size());
  const std::size_t end = std::min(begin + kChildren, heap_.size());
  return static_cast<std::size_t>(std::min_element(heap_.data() + begin, heap_.data() + end, before) - heap_.data());
}

void Sleepers::lay(std::size_t index, Sleeper sleeper) {
  heap_[index] = sleeper;
  sleeper.lane->spot = index;
}

}  // namespace ackd
