#include "engine/suspects.h"

#include <algorithm>

#include "base/planted_bug.h"

namespace ackd {

void Suspects::add(NotificationId id, LaneId lane, bool strict) {
  lanes_.emplace(id, lane);
  // Strict ones go last: the many that are innocent should not wait for the few that are not.
  if (strict) {
    waiting_.push_back({id, true});
  } else {
    waiting_.push_front({id, false});
  }
}

bool Suspects::blocked(const Waiting& next, EngineTime now) const {
  if (flying_.empty() || PLANTED(kSuspectsTogether)) return false;
  const bool strict = next.strict || std::any_of(flying_.begin(), flying_.end(), [](auto& f) { return f.second; });
  return strict || now < last_start_ + kPatience;
}

std::optional<NotificationId> Suspects::candidate(EngineTime now) const {
  if (waiting_.empty() || blocked(waiting_.front(), now)) return std::nullopt;
  return waiting_.front().id;
}

void Suspects::put_last() {
  waiting_.push_back(waiting_.front());
  waiting_.pop_front();
}

void Suspects::started(NotificationId id, EngineTime now) {
  CHECK_THAT(!waiting_.empty() && waiting_.front().id == id, "a suspect started out of turn");
  flying_.emplace(id, waiting_.front().strict);
  waiting_.pop_front();
  last_start_ = now;
}

void Suspects::returned(NotificationId id) {
  const auto found = flying_.find(id);
  CHECK_THAT(found != flying_.end(), "a suspect came back that had not started");
  waiting_.push_back({id, found->second});
  flying_.erase(found);
}

void Suspects::remove(NotificationId id) {
  lanes_.erase(id);
  flying_.erase(id);
  std::erase_if(waiting_, [&](const Waiting& w) { return w.id == id; });
}

std::optional<EngineTime> Suspects::next_wake(EngineTime now) const {
  if (waiting_.empty()) return std::nullopt;
  // Also the pace at which closed lanes are looked at again.
  return std::max(last_start_, now) + kPatience;
}

}  // namespace ackd
