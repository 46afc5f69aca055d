#include "api/client_rates.h"

#include <iterator>

namespace ackd {

ClientRates::Buckets& ClientRates::of(const std::string& client, EngineTime now) {
  const auto found = clients_.find(client);
  if (found != clients_.end()) return found->second;
  if (clients_.size() >= kClientsMax) forget_idle(now);
  if (clients_.size() >= kClientsMax) return others_;
  return clients_.emplace(client, rates_).first->second;
}

void ClientRates::forget_idle(EngineTime now) {
  for (auto each = clients_.begin(); each != clients_.end();) {
    each = each->second.full(now) ? clients_.erase(each) : std::next(each);
  }
}

ClientRates::Wait ClientRates::wait(const std::string& client, EngineTime now) {
  if (unlimited()) return {};
  Buckets& buckets = of(client, now);
  if (const Duration time = buckets.requests.wait(now); time.count() > 0) return {"requests", time};
  if (const Duration time = buckets.notifications.wait(now); time.count() > 0) return {"notifications", time};
  return {};
}

void ClientRates::take_request(const std::string& client, EngineTime now) {
  if (!unlimited()) of(client, now).requests.take(1, now);
}

void ClientRates::take_notifications(const std::string& client, std::size_t count, EngineTime now) {
  if (!unlimited()) of(client, now).notifications.take(count, now);
}

}  // namespace ackd
