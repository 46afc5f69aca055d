#include "sim/squeeze_witness.h"

namespace ackd::sim {

void SqueezeWitness::on_sign(NotificationId id, LaneId lane, const std::string& origin) {
  forget_idle();
  Book& book = books_[lane];
  if (book.origin != origin) book = Book(origin);
  if (is_failing(book)) book.chosen.insert(id);
}

void SqueezeWitness::on_send(NotificationId id, LaneId lane, std::size_t suspects) {
  forget_idle();
  Book& book = books_[lane];
  if (book.chosen.erase(id) == 0) return;  // it was on its way before the merchant was known to fail
  ++trials_;
  book.trials.insert(id);
  if (book.trials.size() > 1 + suspects) fail_("a lane whose merchant fails has two requests in flight");
  std::size_t together = 0;
  for (const auto& [other, its_book] : books_) together += its_book.trials.size();
  if (together > share() + suspects) fail_("lanes whose merchants fail have more than their share");
}

void SqueezeWitness::on_transfer_end(NotificationId id, LaneId lane, const std::string& origin, LaneFeedback feedback) {
  Book& book = books_[lane];
  book.trials.erase(id);
  if (origin != book.origin) return;  // its merchant has moved meanwhile
  if (feedback == LaneFeedback::kBad) book.failed.insert(id);
  if (feedback == LaneFeedback::kGood) {
    book = Book(book.origin);
    book.answered = true;
  }
}

void SqueezeWitness::on_attempt(NotificationId id, LaneId lane) {
  Book& book = books_[lane];
  if (book.failed.erase(id) > 0) ++book.failures;
}

void SqueezeWitness::on_taken_away(const QueueKey& key) {
  auto first = record_.queue.lower_bound({key.lane, DueClass::kFresh, EngineTime::min(), NotificationId{}});
  if (first != record_.queue.end() && *first == key) ++first;
  if (first == record_.queue.end() || first->lane != key.lane) books_.erase(key.lane);
}

bool SqueezeWitness::is_troubled(LaneId lane) const {
  const bool answers = record_.standing_of(lane) == LaneStanding::kAnswers;
  const auto book = books_.find(lane);
  if (book == books_.end()) return !answers;
  if (!book->second.answered && !answers) return true;
  return book->second.failures > 0 || !book->second.failed.empty();
}

bool SqueezeWitness::is_pending(LaneId lane) const {
  const auto first = record_.queue.lower_bound({lane, DueClass::kFresh, EngineTime::min(), NotificationId{}});
  return first != record_.queue.end() && first->lane == lane;
}

// One that has moved begins anew.
void SqueezeWitness::on_merchant(const MerchantName& name) {
  std::erase_if(books_, [&](const auto& book) {
    const LaneKey& key = record_.lanes.at(static_cast<std::size_t>(book.first.value - 1));
    return key.provider == name.provider && key.merchant == name.id;
  });
}

// A lane that has nothing to do is forgotten, with all that was learned.
void SqueezeWitness::forget_idle() {
  std::erase_if(books_, [this](const auto& book) { return !is_pending(book.first); });
}

void SqueezeWitness::on_turn(const EngineStats& stats, std::size_t suspects) {
  forget_idle();
  // Of a lane that has not been found yet only the survivors of the crash are known: it is forgotten with them.
  if (stats.discovering) books_.clear();
  // One more suspect may be on its way to be sent.
  if (stats.squeezed_in_flight > share() + suspects + 1) fail_("squeezed lanes have more than their share");
  const std::size_t half = std::max<std::size_t>(options_.transfers_max / 2, 1);
  if (stats.untried_in_flight > half + suspects + 1)
    fail_("lanes of which nothing is known have more than their share");
}

}  // namespace ackd::sim
