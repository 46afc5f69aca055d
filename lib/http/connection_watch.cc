#include "http/connection_watch.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace ackd {

ConnectionWatch::~ConnectionWatch() {
  for (std::list<Connection*>* line : {&awaiting_, &moving_, &untimed_}) {
    for (const Connection* connection : *line) delete connection;
  }
}

std::list<ConnectionWatch::Connection*>& ConnectionWatch::line_of(Phase phase) {
  if (phase == Phase::kRequest) return awaiting_;
  return phase == Phase::kServed ? untimed_ : moving_;
}

void ConnectionWatch::leave(Connection& connection) {
  (connection.cut_off ? untimed_ : line_of(connection.phase)).erase(connection.place);
}

ConnectionWatch::Connection* ConnectionWatch::open(int fd, std::string peer, std::int64_t now_ms) {
  auto* connection = new Connection{fd, Phase::kRequest, false, now_ms, std::move(peer), {}};
  connection->place = awaiting_.insert(awaiting_.end(), connection);
  ++size_;
  // An eighth is kept free: who is cut off leaves only with the library's next round, and many may come in one.
  if (size_ > limits_.connections_max - limits_.connections_max / 8) make_room(now_ms);
  return connection;
}

void ConnectionWatch::make_room(std::int64_t now_ms) {
  Connection* const idle = awaiting_.empty() ? nullptr : awaiting_.front();
  Connection* const slow = moving_.empty() ? nullptr : moving_.front();
  const bool is_slow = slow != nullptr && now_ms - slow->since_ms >= kPatience.count();
  if (is_slow && (idle == nullptr || slow->since_ms < idle->since_ms)) return cut_off(*slow);
  if (idle != nullptr) cut_off(*idle);
}

void ConnectionWatch::enter(Connection& connection, Phase phase, std::int64_t now_ms) {
  if (connection.cut_off) return;
  leave(connection);
  connection.phase = phase;
  connection.since_ms = now_ms;
  std::list<Connection*>& line = line_of(phase);
  connection.place = line.insert(line.end(), &connection);
}

void ConnectionWatch::close(Connection* connection) {
  leave(*connection);
  --size_;
  delete connection;
}

void ConnectionWatch::cut_off(Connection& connection) {
  leave(connection);
  connection.cut_off = true;
  connection.place = untimed_.insert(untimed_.end(), &connection);
  ::shutdown(connection.fd, SHUT_RDWR);
}

std::optional<Duration> ConnectionWatch::expire(std::int64_t now_ms) {
  std::optional<Duration> next;
  for (std::list<Connection*>* line : {&awaiting_, &moving_}) {
    while (!line->empty() && now_ms - line->front()->since_ms >= limits_.phase_max.count()) cut_off(*line->front());
    if (line->empty()) continue;
    const Duration left{limits_.phase_max.count() - (now_ms - line->front()->since_ms)};
    next = next ? std::min(*next, left) : left;
  }
  return next;
}

}  // namespace ackd
