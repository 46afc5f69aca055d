#include "engine/core.h"

#include <algorithm>

#include "base/planted_bug.h"
#include "profile/merchant_options.h"
#include "text/url.h"

namespace ackd {
namespace {

// Of all transfers, that squeezed lanes may have together: a quarter. And those of which nothing is known: half.
constexpr std::size_t kSqueezedShare = 4;
constexpr std::size_t kUntriedShare = 2;

// A lane's origin: its own, or that of the merchant's URL. A merchant that is gone or has no URL has the empty origin;
// what is sent to it is held with a reason before it gets anywhere.
LaneFacts facts_of(const LaneKey& key, const MerchantDirectory& merchants) {
  LaneFacts facts;
  facts.origin = key.origin;
  facts.paused = merchants.find_pause(key.provider, key.merchant) != nullptr;
  const Merchant* merchant = merchants.find(key.provider, key.merchant);
  if (merchant == nullptr) return facts;
  facts.window = window_of(*merchant);
  facts.rate = rate_of(*merchant);
  if (!key.origin.empty()) return facts;
  if (const Result<Url> url = parse_url(merchant->url)) facts.origin = url->origin();
  return facts;
}

LaneLimits lane_limits(const EngineOptions& options) {
  LaneLimits limits;
  limits.window = options.lane_window;
  limits.window_first = options.lane_window_first;
  limits.squeezed_max = std::max<std::size_t>(options.transfers_max / kSqueezedShare, 1);
  limits.untried_max = std::max<std::size_t>(options.transfers_max / kUntriedShare, 1);
  limits.host_ceiling = options.host_ceiling;
  limits.rates = options.rates;
  limits.page_rows = options.page_rows;
  limits.page_bytes_max = options.page_bytes_max;
  return limits;
}

DueNotification due_row(const Admission& admission, const OperationResult& result) {
  const Notification& n = admission.notification;
  DueNotification row;
  row.key = {result.lane, DueClass::kFresh, result.next_at, result.id};
  row.progress.version = result.version;
  row.revision = n.revision;
  row.content_hash = n.content_hash;
  row.subject = n.subject;
  row.url = n.url;
  row.content = n.content;
  row.not_before = n.not_before;
  row.probe = n.probe;
  return row;
}

LaneStanding standing_in(const std::vector<LaneHead>& woken, LaneId lane) {
  const auto found = std::ranges::lower_bound(woken, lane, {}, &LaneHead::lane);
  return found == woken.end() || found->lane != lane ? LaneStanding::kUnknown : found->standing;
}

}  // namespace

Core::Core(const EngineOptions& the_options, const EngineParts& the_parts, const EngineStart& start)
    : options(the_options),
      parts(the_parts),
      clock(start.now),
      ids(the_options.node, start.newest_id),
      outage(the_options.suspend_hosts_min, clock.now()),
      ramp(the_options.transfers_max),
      lanes(lane_limits(the_options), outage,
            [&merchants = the_parts.merchants](const LaneKey& key) { return facts_of(key, merchants); }),
      gate(the_parts.catalogue, the_parts.merchants, the_parts.activations) {}

bool Core::may_start() const {
  return !recovering && !clock_held && !draining && !storage_trouble && !storage_stalled &&
         parts.outbox.disk_band() != DiskBand::kCritical;
}

bool Core::has_room() const {
  const std::size_t unsettled = flights.flying() + (PLANTED(kUncappedUnsettled) ? 0 : flights.settling());
  return flights.flying() < ramp.limit(clock.now()) && unsettled < options.unsettled_max && parts.signer.room() &&
         parts.transport.room() && parts.in_flight.room();
}

SendingState Core::sending() const {
  if (outage.suspended()) return SendingState::kSuspended;
  return ramp.rising(clock.now()) ? SendingState::kRamping : SendingState::kOn;
}

Lane& Core::lane_of(const DueNotification& row) {
  Lane* lane = lanes.find(row.key.lane);
  CHECK_THAT(lane != nullptr, "a lane was forgotten while one of its rows was away");
  return *lane;
}

void Core::tell_lane(const Admission& admission, const OperationResult& result, const std::vector<LaneHead>& woken) {
  if (result.applied != Applied::kApplied || result.state != State::kPending) return;
  Lane& lane = lanes.get(result.lane, admission.notification.lane, standing_in(woken, result.lane));
  if (result.next_at <= clock.now()) {
    lanes.offer(lane, due_row(admission, result));
  } else {
    lanes.note_beyond(lane, DueClass::kFresh, result.next_at);
  }
  lanes.reconsider(lane, clock.now());
}

void Core::wake_lane(const LaneHead& head) {
  Lane& lane = lanes.get(head.lane, head.key, head.standing);
  lanes.note_beyond(lane, DueClass::kFresh, head.earliest[0]);
  lanes.note_beyond(lane, DueClass::kRetry, head.earliest[1]);
  lanes.reconsider(lane, clock.now());
}

void Core::return_row(const DueNotification& row) {
  Lane& lane = lane_of(row);
  lane.bring_back(row.key.id);
  lanes.note_beyond(lane, row.key.due_class, row.key.next_at);
}

void Core::queue_settlement(const Flight& flight, Settlement settlement, Duration took) {
  settlement.key = flight.row.key;
  settlement.expected_version = flight.row.progress.version;
  settlement.content_hash = flight.row.content_hash;
  settlement.at = clock.now();
  if (flight.row.probe) settlement.probed_url = flight.probed_url;
  outgoing.add(PendingSettlement{std::move(settlement), flight.lane, flight.row.subject, took, false});
}

}  // namespace ackd
