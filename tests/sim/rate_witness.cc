#include "sim/rate_witness.h"

#include <algorithm>

#include "engine/engine_clock.h"
#include "profile/merchant_options.h"
#include "sim/simulated_process.h"

namespace ackd::sim {
namespace {

// The engine takes in a commit within it, whatever the disk does.
constexpr Duration kInForceWithin = std::chrono::minutes(1);
// Engine time may run a little ahead, and its milliseconds are whole ones.
constexpr double kAhead = 1.0 + 1.0 / EngineClock::kSlewDivisor;
constexpr double kSlack = 0.1;

}  // namespace

std::pair<std::string, Rate> RateWitness::rate_of(LaneId lane, const LaneKey& key) const {
  const auto found = record_.merchants.find({key.provider, key.merchant});
  std::optional<Rate> own;
  if (found != record_.merchants.end()) own = ackd::rate_of(merchant_of(found->second));
  if (own) return {"merchant " + key.provider + "/" + key.merchant, *own};
  return {"lane " + std::to_string(lane.value), options_.rates.lane};
}

std::pair<std::string, Rate> RateWitness::host_rate_of(const std::string& origin) const {
  return {"host " + origin, options_.rates.of_host(origin)};
}

RateWitness::Book& RateWitness::book_of(const std::pair<std::string, Rate>& rate, BootTime now) {
  const auto most = static_cast<double>(rate.second.most());
  Book& book = books_.try_emplace(rate.first, Book{rate.second, most, now}).first->second;
  const auto elapsed_ms = static_cast<double>((now - book.at).count());
  book.level = std::min(most, book.level + elapsed_ms * kAhead * static_cast<double>(rate.second.per_second) / 1'000);
  book.at = now;
  return book;
}

void RateWitness::on_sign(LaneId lane, const LaneKey& key, const std::string& origin, BootTime now) {
  const auto changed = changed_.find({key.provider, key.merchant});
  const bool in_doubt = changed != changed_.end() && now - changed->second < kInForceWithin;
  for (const auto& rate : {rate_of(lane, key), host_rate_of(origin)}) {
    if (rate.second.none()) continue;
    Book& book = book_of(rate, now);
    book.level -= 1;
    at_rate_ += book.level < 1;
    if (book.level < -kSlack && !in_doubt) fail_("started faster than the rate allows: " + rate.first);
    book.level = std::max(book.level, -kSlack);
  }
}

void RateWitness::on_merchant(const MerchantName& name, BootTime now) {
  changed_[name] = now;
  books_.erase("merchant " + name.provider + "/" + name.id);
}

bool RateWitness::has_token(LaneId lane, const LaneKey& key, const std::string& origin, BootTime now) {
  for (const auto& rate : {rate_of(lane, key), host_rate_of(origin)}) {
    if (!rate.second.none() && book_of(rate, now).level < 1) return false;
  }
  return true;
}

}  // namespace ackd::sim
