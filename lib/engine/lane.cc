#include "engine/lane.h"

namespace ackd {

DueNotification LanePage::pop() {
  CHECK_THAT(!empty(), "pop of an empty page");
  DueNotification row = std::move(rows_[next_++]);
  if (empty()) drop([](const DueNotification&) {});
  return row;
}

bool Lane::idle() const {
  if (in_flight > 0 || !away.empty() || buffered() > 0) return false;
  return std::all_of(pages.begin(), pages.end(), [](const LanePage& page) {
    return !page.reading && !page.wanted && page.beyond == EngineTime::max();
  });
}

void Lane::bring_back(NotificationId row) {
  const auto found = std::find(away.begin(), away.end(), row);
  CHECK_THAT(found != away.end(), "a row came back that was not away");
  *found = away.back();
  away.pop_back();
}

}  // namespace ackd
