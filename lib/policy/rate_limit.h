// How much may pass in a second, as a bucket that fills steadily up to a burst. Pure: time is an argument. Counted in
// whole thousandths, of which a millisecond brings as many as a second brings whole ones: nothing is lost by rounding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "base/time.h"

namespace ackd {

// A rate of zero is none: everything passes. A burst of zero is one second's worth.
struct Rate {
  std::size_t per_second = 0;
  std::size_t burst = 0;

  bool none() const { return per_second == 0; }
  std::size_t most() const { return burst == 0 ? per_second : burst; }
  friend bool operator==(const Rate&, const Rate&) = default;
};
inline constexpr std::size_t kRateMax = 1'000'000;

// Of requests that start. What is not named has none.
struct DeliveryRates {
  Rate lane{};                          // of each lane whose merchant has none of its own
  Rate host{};                          // of each host (scheme://host:port) that is not among these:
  std::map<std::string, Rate> hosts{};  // by origin

  const Rate& of_host(const std::string& origin) const {
    const auto named = hosts.find(origin);
    return named == hosts.end() ? host : named->second;
  }
};

class RateLimit {
 public:
  // Full. REQUIRES: neither number is more than kRateMax.
  explicit RateLimit(const Rate& rate);

  bool unlimited() const { return per_second_ == 0; }

  // Whether as much has come back as can: the bucket is as good as a new one.
  bool full(EngineTime now);

  // How long until `count` may pass; zero when they may now, and Duration::max() when the bucket never holds so much.
  Duration wait(EngineTime now, std::size_t count = 1);
  // How long until it is full.
  Duration wait_until_full(EngineTime now);

  // Takes `count` from the bucket, more than it holds if need be: a batch passes whole or not at all, and whoever comes
  // after a large one waits for it. REQUIRES: wait() said zero.
  void take(std::size_t count, EngineTime now);
  // What was taken at this same instant was not needed.
  void give_back(std::size_t count);

  // Keeps what is in the bucket, as far as it goes into the new one.
  void change(const Rate& rate, EngineTime now);

 private:
  static constexpr std::int64_t kOne = 1'000;
  void refill(EngineTime now);
  Duration time_for(std::int64_t missing) const;

  std::int64_t per_second_;  // and so thousandths per millisecond
  std::int64_t burst_;       // in thousandths, like the level
  std::int64_t level_;
  EngineTime at_;
};

}  // namespace ackd
