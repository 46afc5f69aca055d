#include "engine/flights.h"

#include <utility>

namespace ackd {

Ticket Flights::take_off(Flight flight) {
  const Ticket ticket = ++newest_;
  const bool fresh = by_id_.try_emplace(flight.row.key.id, Somewhere{Whereabouts::kFlying, ticket}).second;
  CHECK_THAT(fresh, "a notification started while it was in flight, settling or being changed");
  flights_.emplace(ticket, std::move(flight));
  return ticket;
}

Flight* Flights::find(Ticket ticket) {
  const auto found = flights_.find(ticket);
  return found == flights_.end() ? nullptr : &found->second;
}

Flight* Flights::find(NotificationId id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end() || found->second.whereabouts != Whereabouts::kFlying) return nullptr;
  return find(found->second.ticket);
}

Flight Flights::land(Ticket ticket, bool settling) {
  const auto found = flights_.find(ticket);
  CHECK_THAT(found != flights_.end(), "a flight landed twice");
  Flight flight = std::move(found->second);
  flights_.erase(found);
  if (settling) {
    by_id_.at(flight.row.key.id).whereabouts = Whereabouts::kSettling;
    ++settling_;
  } else {
    by_id_.erase(flight.row.key.id);
  }
  return flight;
}

std::optional<Whereabouts> Flights::whereabouts(NotificationId id) const {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return std::nullopt;
  return found->second.whereabouts;
}

void Flights::operate(NotificationId id) {
  by_id_.try_emplace(id, Somewhere{Whereabouts::kOperating, 0});
}

void Flights::forget(NotificationId id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  CHECK_THAT(found->second.whereabouts != Whereabouts::kFlying, "a notification was forgotten while in flight");
  if (found->second.whereabouts == Whereabouts::kSettling) --settling_;
  by_id_.erase(found);
}

void Flights::settle_unflown(NotificationId id) {
  const bool fresh = by_id_.try_emplace(id, Somewhere{Whereabouts::kSettling, 0}).second;
  CHECK_THAT(fresh, "a survivor was recovered twice");
  ++settling_;
}

}  // namespace ackd
