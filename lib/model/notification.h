// A notification as it is admitted and as it stands in the queue.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "model/content.h"
#include "model/ids.h"
#include "model/state.h"

namespace ackd {

// SHA-256.
using Hash = std::array<std::uint8_t, 32>;

// Limits of what one notification may carry; Intake refuses more, naming the limit.
inline constexpr std::size_t kContentBytesMax = 256 * 1024;
inline constexpr std::size_t kNameBytesMax = 128;  // provider, merchant, type
inline constexpr std::size_t kKeyBytesMax = 512;   // idempotency key and subject
inline constexpr std::size_t kUrlBytesMax = 4096;
inline constexpr std::size_t kTagCountMax = 16;

// The identity of a lane: one merchant, or one overridden origin ("https://host:port") of it. Origin is empty when the
// notification goes to the merchant's own URL, so that a changed URL moves no queue row.
struct LaneKey {
  std::string provider;
  std::string merchant;
  std::string origin;
  friend bool operator==(const LaneKey&, const LaneKey&) = default;
};

// What was last heard of a lane's merchant, which the record keeps so that a restart need not find it out anew.
enum class LaneStanding : std::uint8_t {
  kUnknown,   // nothing yet, or its merchant has moved to another host since
  kAnswers,   // be it with a refusal
  kSqueezed,  // it failed a windowful of requests (policy/lane_window.h)
};

struct Notification {
  NotificationId id;
  LaneKey lane;
  RevisionId revision;  // the profile it was admitted under
  std::string type;     // "payment", "refund" ...; empty where the profile has none
  std::string subject;  // the order number that operators search by
  std::string key;      // idempotency key, unique per (provider, merchant)
  std::string url;      // the override, canonical; empty for the merchant's own URL
  std::string content;  // encode(Content)
  std::string tags;     // encode(Content) with the tags as fields, or empty
  Hash content_hash{};  // of parsed fields, url, not_before, tags, type
  EngineTime admitted_at;
  EngineTime not_before;  // the first attempt's due time; equal to admitted_at when not asked for
  std::optional<NotificationId> replay_of;
  bool probe = false;  // simulated content that tries the merchant's URL; sent once, also to an unverified merchant
};

// How far delivery has come. `version` grows by one with every committed change of the notification.
struct Progress {
  std::uint32_t version = 0;
  std::uint32_t attempts = 0;  // the newest attempt's number; attempts are those that reached the network
  std::uint32_t steps = 0;     // schedule steps used up; less than attempts after a crash or an operator's retry
  friend bool operator==(const Progress&, const Progress&) = default;
};

// Where a pending notification stands in the queue: the queue's whole primary key, in its order.
struct QueueKey {
  LaneId lane;
  DueClass due_class = DueClass::kFresh;
  EngineTime next_at;
  NotificationId id;
  friend auto operator<=>(const QueueKey&, const QueueKey&) = default;
};

// One pending notification with everything that an attempt needs, as a page read returns it.
struct DueNotification {
  QueueKey key;
  Progress progress;
  RevisionId revision;
  std::optional<Hash> content_hash;
  std::string subject;
  std::string url;
  std::string content;
  EngineTime not_before;
  bool cancel_asked = false;
  bool probe = false;

  // What it costs of the engine's page budget.
  std::size_t bytes() const { return sizeof(*this) + subject.size() + url.size() + content.size(); }
};

}  // namespace ackd
