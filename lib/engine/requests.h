// Who is waiting for which answers. A request of many items is answered as a whole, each item in its place, when its
// last item is decided; items may be decided by several batches and in any order.
#pragma once

#include <unordered_map>
#include <vector>

#include "engine/engine.h"

namespace ackd {

// Where an item's answer belongs.
struct ItemPlace {
  Ticket ticket = 0;  // 0: nobody waits for it
  std::size_t index = 0;
};

class Requests {
 public:
  // REQUIRES: the ticket is not open. A request without items is answered at once.
  void open(Ticket ticket, std::size_t items);
  void decide(const ItemPlace& place, ItemAnswer answer);
  std::vector<Answer> take_answers();

 private:
  struct Open {
    std::vector<ItemAnswer> items;
    std::size_t undecided = 0;
  };
  std::unordered_map<Ticket, Open> open_;
  std::vector<Answer> ready_;
};

}  // namespace ackd
