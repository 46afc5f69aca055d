// Which notifications a list, or a job, is about. An empty member filters nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

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

// Whether `host`, in lower case and with or without a port, is that of an origin ("https://shop.example:443").
inline bool names_host(std::string_view host, std::string_view origin) {
  const std::size_t scheme_end = origin.find("://");
  if (scheme_end == std::string_view::npos) return false;
  const std::string_view authority = origin.substr(scheme_end + 3);
  return host == authority || host == authority.substr(0, authority.rfind(':'));
}

// Whether a notification with these tags, as encode() made them, has each of the `wanted` ones.
inline bool has_tags(std::string_view tags, const Fields& wanted) {
  if (wanted.empty()) return true;
  const std::optional<Content> content = decode_content(tags);
  return content && std::all_of(wanted.begin(), wanted.end(), [&](const Field& tag) {
           const std::string* value = find_field(content->fields, tag.name);
           return value != nullptr && *value == tag.value;
         });
}

}  // namespace ackd
