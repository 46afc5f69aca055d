// Who may keep a connection, and for how long. A client costs a descriptor and a buffer from the moment it connects, so
// one that sends nothing, or a byte a minute, must neither stay for ever nor keep others out.
//
//   open -> awaiting a request -> awaiting its body -> being served (no limit: ackd's own time) -> taking the answer -.
//              ^-----------------------------------------------------------------------------------------------------'
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>

#include "base/time.h"

namespace ackd {

class ConnectionWatch {
 public:
  struct Limits {
    std::size_t connections_max = 0;
    // Of each phase as a whole, however busily single bytes arrive: an inactivity limit alone would let 32 KiB of
    // headers take three weeks.
    Duration phase_max{0};
  };
  enum class Phase : std::uint8_t { kRequest, kBody, kServed, kAnswer };

  struct Connection {
    int fd = -1;
    Phase phase = Phase::kRequest;
    bool cut_off = false;
    std::int64_t since_ms = 0;
    std::string peer;  // who is at the other end, once and for all
    std::list<Connection*>::iterator place;
  };

  explicit ConnectionWatch(const Limits& limits) : limits_(limits) {}
  ~ConnectionWatch();
  ConnectionWatch(const ConnectionWatch&) = delete;
  ConnectionWatch& operator=(const ConnectionWatch&) = delete;

  // How long a body, or the taking of an answer, may last while others find no room. A client that means it needs
  // milliseconds.
  static constexpr Duration kPatience{1'000};

  // A new one, awaiting its first request. Close to the limit the one that has awaited a request for longest is cut
  // off, or one that has been longer at its body or answer, beyond patience: so whoever really asks finds room. The
  // descriptor stays its owner's; cutting off is shutdown(), on which the owner closes it.
  Connection* open(int fd, std::string peer, std::int64_t now_ms);
  void enter(Connection& connection, Phase phase, std::int64_t now_ms);
  void close(Connection* connection);

  // The same when room is short for another reason: cuts off whoever may be, if anybody may.
  void make_room(std::int64_t now_ms);

  // Cuts off what is over its time. Returns when to come again; nothing while no connection has a limit.
  std::optional<Duration> expire(std::int64_t now_ms);

  std::size_t size() const { return size_; }

 private:
  std::list<Connection*>& line_of(Phase phase);
  void leave(Connection& connection);
  void cut_off(Connection& connection);

  Limits limits_;
  std::size_t size_ = 0;
  // Oldest first. Entering a phase appends, so both stay in order without sorting.
  std::list<Connection*> awaiting_;  // kRequest: they may be cut off to make room
  std::list<Connection*> moving_;    // kBody and kAnswer
  std::list<Connection*> untimed_;   // kServed, and whatever was cut off
};

}  // namespace ackd
