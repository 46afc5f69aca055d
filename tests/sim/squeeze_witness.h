// Checks that a merchant which fails is sent to one request at a time, and that all of those together have no more than
// their share. It keeps its own books of failures: a lane counts as failing only where the engine cannot but know.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "engine/engine.h"
#include "policy/lane_window.h"
#include "sim/model_outbox.h"

namespace ackd::sim {

class SqueezeWitness {
 public:
  using Fail = std::function<void(const std::string&)>;

  SqueezeWitness(const EngineOptions& options, const ModelRecord& record, Fail fail)
      : options_(options), record_(record), fail_(std::move(fail)) {}

  // It was chosen to be sent.
  void on_sign(NotificationId id, LaneId lane, const std::string& origin);
  // `suspects`: so many more may be in flight than the engine would start by itself.
  void on_send(NotificationId id, LaneId lane, std::size_t suspects);
  void on_transfer_end(NotificationId id, LaneId lane, const std::string& origin, LaneFeedback feedback);
  // The attempt is on record: what it said of its merchant has counted.
  void on_attempt(NotificationId id, LaneId lane);
  // The row is about to leave its queue: a lane whose last one it is is forgotten, and one that comes at once is new.
  void on_taken_away(const QueueKey& key);
  // An operator has changed a row of it: that may have been all that its lane knew of, and then it begins anew.
  void on_change(LaneId lane) { books_.erase(lane); }
  void on_merchant(const MerchantName& name);
  void on_crash() { books_.clear(); }
  void on_turn(const EngineStats& stats, std::size_t suspects);
  // Its merchant has failed since the last success, or has not answered yet, not even before a restart: it may be
  // squeezed, closed for a while, or waiting for its share.
  bool is_troubled(LaneId lane) const;

  std::uint64_t trials() const { return trials_; }

 private:
  struct Book {
    Book() = default;
    explicit Book(std::string its_origin) : origin(std::move(its_origin)) {}

    std::string origin;
    bool answered = false;
    std::size_t failures = 0;         // since the last success
    std::set<NotificationId> chosen;  // while it was failing, and not sent yet
    std::set<NotificationId> trials;
    std::set<NotificationId> failed;  // not on record yet
  };
  bool is_failing(const Book& book) const { return book.failures >= options_.lane_window; }
  std::size_t share() const { return std::max<std::size_t>(options_.transfers_max / 4, 1); }
  void forget_idle();
  bool is_pending(LaneId lane) const;

  const EngineOptions& options_;
  const ModelRecord& record_;
  Fail fail_;
  std::map<LaneId, Book> books_;
  std::uint64_t trials_ = 0;
};

}  // namespace ackd::sim
