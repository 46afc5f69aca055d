#include "engine/requests.h"

#include <utility>

namespace ackd {

void Requests::open(Ticket ticket, std::size_t items) {
  if (items == 0) {
    ready_.push_back({ticket, {}});
    return;
  }
  Open request;
  request.items.assign(items, Error{ErrorCode::kUnavailable, "not attempted", {}});
  request.undecided = items;
  const bool fresh = open_.try_emplace(ticket, std::move(request)).second;
  CHECK_THAT(fresh, "a ticket was used twice");
}

void Requests::decide(const ItemPlace& place, ItemAnswer answer) {
  if (place.ticket == 0) return;
  const auto found = open_.find(place.ticket);
  CHECK_THAT(found != open_.end(), "an answer for a request that is not open");
  Open& request = found->second;
  request.items.at(place.index) = std::move(answer);
  if (--request.undecided > 0) return;
  ready_.push_back({place.ticket, std::move(request.items)});
  open_.erase(found);
}

std::vector<Answer> Requests::take_answers() {
  return std::exchange(ready_, {});
}

}  // namespace ackd
