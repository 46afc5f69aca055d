// What is under way right now: every notification that is being signed, sent, settled or changed by an operator. In
// flight is not a stored state; this is where it lives.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "engine/lane.h"
#include "model/notification.h"
#include "model/outcome.h"

namespace ackd {

struct Flight {
  DueNotification row;
  LaneKey lane;
  HostIndex host = 0;         // whose slot it takes, also when the lane goes to another one meanwhile
  bool sending = false;       // handed to the transport; before that it is being signed
  bool suspect = false;       // a survivor of a crash, on its own
  bool cancel_asked = false;  // by an operator, while in flight
  EngineTime started_at;
  WallTime signed_at;
  std::string key_id;
  std::string nonce;
  Hash request_hash{};
  std::string probed_url;  // of a probe: the merchant's URL as the signer found it
};

// Flying: being signed or sent. Settling: its outcome waits for its commit. Operating: an operator's change does.
enum class Whereabouts : std::uint8_t { kFlying, kSettling, kOperating };

class Flights {
 public:
  // REQUIRES: the notification is nowhere yet.
  Ticket take_off(Flight flight);
  Flight* find(Ticket ticket);
  Flight* find(NotificationId id);
  // The flight is over: settling, or back in its lane.
  Flight land(Ticket ticket, bool settling);

  std::optional<Whereabouts> whereabouts(NotificationId id) const;
  void operate(NotificationId id);
  // Its commit is known: it is nowhere any more.
  void forget(NotificationId id);
  // A survivor's recovery settles without having flown in this process.
  void settle_unflown(NotificationId id);

  std::size_t flying() const { return flights_.size(); }
  std::size_t settling() const { return settling_; }

 private:
  struct Somewhere {
    Whereabouts whereabouts;
    Ticket ticket;
  };
  std::unordered_map<Ticket, Flight> flights_;
  std::unordered_map<NotificationId, Somewhere> by_id_;
  Ticket newest_ = 0;
  std::size_t settling_ = 0;
};

}  // namespace ackd
