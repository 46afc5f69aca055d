// The rates of ingest, kept for each client apart: one that posts ten times what it may must not use up what the others
// may. A client is named by who it is to the system (a user, an address), which it cannot choose with the request.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "base/time.h"
#include "policy/rate_limit.h"

namespace ackd {

// Of each client. A rate of 0 is none; a burst of 0 is one second's worth.
struct IngestRates {
  std::size_t requests_per_second = 0;
  std::size_t requests_burst = 0;
  std::size_t notifications_per_second = 0;
  std::size_t notifications_burst = 0;
};

// So many clients are told apart at a time. A machine has fewer that post; but whoever may pick a source address of
// 127.0.0.0/8 has sixteen million.
inline constexpr std::size_t kClientsMax = 1'024;

class ClientRates {
 public:
  explicit ClientRates(const IngestRates& rates) : rates_(rates), others_(rates) {}

  struct Wait {
    const char* what = "";  // "requests", "notifications": whose rate is exceeded
    Duration time{0};       // until the client may come again; zero when it may now
  };
  Wait wait(const std::string& client, EngineTime now);

  // REQUIRES: wait() said zero before the client's request was taken in.
  void take_request(const std::string& client, EngineTime now);
  void take_notifications(const std::string& client, std::size_t count, EngineTime now);

  // How many clients are told apart at the moment.
  std::size_t size() const { return clients_.size(); }

 private:
  struct Buckets {
    explicit Buckets(const IngestRates& rates)
        : requests(Rate{rates.requests_per_second, rates.requests_burst}),
          notifications(Rate{rates.notifications_per_second, rates.notifications_burst}) {}
    bool full(EngineTime now) { return requests.full(now) && notifications.full(now); }
    RateLimit requests;
    RateLimit notifications;
  };

  bool unlimited() const { return rates_.requests_per_second == 0 && rates_.notifications_per_second == 0; }
  // With the table full, clients whose buckets are full are forgotten: a new bucket is full too, so that takes nothing
  // and gives nothing. While none is, those that come new share one bucket.
  Buckets& of(const std::string& client, EngineTime now);
  void forget_idle(EngineTime now);

  IngestRates rates_;
  std::unordered_map<std::string, Buckets> clients_;
  Buckets others_;
};

}  // namespace ackd
