// Which notifications a list, or a job, is about. An empty member filters nothing.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/time.h"
#include "model/content.h"
#include "model/ids.h"
#include "model/state.h"

namespace ackd {

struct ListFilter {
  std::optional<State> state;
  std::string provider;
  std::string merchant;
  std::string subject;
  std::string type;
  std::string key;
  std::string host;  // "shop.example" or "shop.example:8443": of the URL that the notification goes to today
  Fields tags;       // each of them, by name and value
  std::optional<EngineTime> since;  // by admission
  std::optional<EngineTime> until;
  std::size_t limit = 50;
  NotificationId before;  // from a cursor: only ids below this one; 0 for the newest
};
inline constexpr std::size_t kListLimitMax = 1'000;
// One list call looks at no more rows than this, and returns a cursor where it stopped.
inline constexpr std::size_t kListScanMax = 20'000;

}  // namespace ackd
