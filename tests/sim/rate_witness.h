// Checks that requests start no faster than the rates allow: in any stretch of time no more than the burst and what the
// rate gives in it, for each lane, merchant and host. It keeps buckets of its own on the boot clock, which follow the
// record, and are never emptier than the engine's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "engine/engine.h"
#include "sim/model_outbox.h"

namespace ackd::sim {

class RateWitness {
 public:
  using Fail = std::function<void(const std::string&)>;

  RateWitness(const EngineOptions& options, const ModelRecord& record, Fail fail)
      : options_(options), record_(record), fail_(std::move(fail)) {}

  // A request starts.
  void on_sign(LaneId lane, const LaneKey& key, const std::string& origin, BootTime now);
  // Its rate may be another one. A start or two may still be by the rate before.
  void on_merchant(const MerchantName& name, BootTime now);
  // Another process has full buckets, and what an operator does to the clock may fill them.
  void forget() { books_.clear(); }
  // A request of this lane may start now, as far as rates go.
  bool has_token(LaneId lane, const LaneKey& key, const std::string& origin, BootTime now);

  // Starts that left less than one token.
  std::uint64_t at_rate() const { return at_rate_; }

 private:
  struct Book {
    Rate rate;
    double level = 0;
    BootTime at;
  };
  // Of the lane's merchant or its own.
  std::pair<std::string, Rate> rate_of(LaneId lane, const LaneKey& key) const;
  std::pair<std::string, Rate> host_rate_of(const std::string& origin) const;
  Book& book_of(const std::pair<std::string, Rate>& rate, BootTime now);

  const EngineOptions& options_;
  const ModelRecord& record_;
  Fail fail_;
  std::map<std::string, Book> books_;
  std::map<MerchantName, BootTime> changed_;
  std::uint64_t at_rate_ = 0;
};

}  // namespace ackd::sim
