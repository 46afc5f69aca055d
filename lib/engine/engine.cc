#include "engine/engine.h"

#include <algorithm>

#include "base/planted_bug.h"
#include "engine/activating.h"
#include "engine/bulk_changes.h"
#include "engine/committing.h"
#include "engine/core.h"
#include "engine/inboxing.h"
#include "engine/looking.h"
#include "engine/merchant_changes.h"
#include "engine/recovery.h"
#include "engine/resealing.h"
#include "engine/sending.h"
#include "engine/suspending.h"

namespace ackd {
namespace {

// The clock may lag the newest record by as much as engine time may lead the wall clock without being a step.
bool behind_record(const EngineStart& start) {
  return start.now.wall.ms + EngineClock::kStepMin.count() < start.newest_record.ms;
}

}  // namespace

const char* name_of(SendingState state) {
  switch (state) {
    case SendingState::kOn: return "on";
    case SendingState::kSuspended: return "suspended";
    case SendingState::kRamping: return "ramping";
  }
  return "unknown";
}

class Engine::Impl {
 public:
  Impl(const EngineOptions& options, const EngineParts& parts, const EngineStart& start)
      : core(options, parts, start),
        suspending(core),
        sending(core, suspending),
        recovery(core, sending),
        activating(core, start.awaiting),
        bulk_changes(core, recovery, start.jobs),
        inboxing(core, activating),
        merchants(core, activating),
        resealing(core),
        committing(core, recovery, activating, bulk_changes, inboxing, merchants, resealing) {
    if (!behind_record(start)) return;
    core.clock_held = true;
    parts.events.on(ClockBehindRecord{start.now.wall, start.newest_record});
  }

  TurnResult turn(Moment now);

  Core core;
  Suspending suspending;
  Sending sending;
  Recovery recovery;
  Activating activating;
  BulkChanges bulk_changes;
  Inboxing inboxing;
  MerchantChanges merchants;
  Resealing resealing;
  Committing committing;

 private:
  void take_arrivals();
  std::optional<EngineTime> next_wake() const;
};

TurnResult Engine::Impl::turn(Moment moment) {
  const EngineTime now = core.clock.advance(moment);
  if (const std::optional<Duration> step = core.clock.take_step()) core.parts.events.on(ClockStepped{*step});
  core.lanes.advance(now);
  suspending.advance();
  sending.sum_up();
  committing.take_result();
  if (core.fatal) return {std::nullopt, core.fatal};
  committing.watch_batch();
  take_arrivals();
  sending.take_finished();
  core.lanes.wake_due(now);
  suspending.start_trials();
  sending.start_due();
  sending.take_finished();  // a signer that finishes inside start() has its request on the wire in the same turn
  bulk_changes.read_on();
  committing.ship();
  return {next_wake(), std::nullopt};
}

void Engine::Impl::take_arrivals() {
  for (const LaneHead& head : core.parts.outbox.take_arrivals()) core.wake_lane(head);
}

std::optional<EngineTime> Engine::Impl::next_wake() const {
  if (PLANTED(kWakeAtNow)) return core.clock.now();
  std::optional<EngineTime> wake = core.lanes.next_wake();
  const auto consider = [&](std::optional<EngineTime> at) {
    if (at && *at > core.clock.now()) wake = std::min(wake.value_or(*at), *at);
  };
  consider(suspending.next_wake());
  consider(sending.next_wake());
  consider(recovery.next_wake());
  consider(bulk_changes.next_wake());
  consider(merchants.next_wake());
  consider(committing.next_wake());
  return wake;
}

Engine::Engine(const EngineOptions& options, const EngineParts& parts, const EngineStart& start)
    : impl_(std::make_unique<Impl>(options, parts, start)) {}

Engine::~Engine() = default;

Status Engine::accepts(std::size_t items, std::size_t bytes) const {
  const Core& core = impl_->core;
  if (core.draining)
    return Error{ErrorCode::kUnavailable, "ackd is shutting down; send it again after the restart", {}};
  if (core.parts.outbox.disk_band() != DiskBand::kPlenty) {
    return Error{ErrorCode::kStorageFull, "the disk that holds the outbox is nearly full; free space on it", {}};
  }
  if (core.storage_trouble && core.storage_retry_at > core.clock.now()) {
    return Error{ErrorCode::kStorageFull, "the outbox cannot be written at the moment; the log says why", {}};
  }
  if (core.storage_stalled) {
    return Error{ErrorCode::kUnavailable, "the disk of the outbox does not answer; send it again when it does", {}};
  }
  if (core.memory.is_over()) {
    return Error{ErrorCode::kUnavailable, describe(core.memory.use()) + "; send it again when less waits", {}};
  }
  if (core.outgoing.admissions() + items > core.options.admissions_queued_max ||
      core.outgoing.admission_bytes() + bytes > core.options.admission_bytes_queued_max) {
    return Error{ErrorCode::kOverloaded, "too many notifications wait for their commit; send it again in a second", {}};
  }
  return Done{};
}

void Engine::admit(Ticket ticket, std::vector<Admission> admissions) {
  impl_->committing.admit(ticket, std::move(admissions));
}

void Engine::change(Ticket ticket, std::vector<OperatorChange> changes) {
  impl_->committing.change(ticket, std::move(changes));
}

Status Engine::accepts_job() const {
  return impl_->bulk_changes.accepts();
}

void Engine::start_job(Ticket ticket, Job job) {
  impl_->bulk_changes.start(ticket, std::move(job));
}

void Engine::stop_job(Ticket ticket, JobId job) {
  impl_->bulk_changes.stop(ticket, job);
}

void Engine::change_merchant(Ticket ticket, MerchantWrite write) {
  impl_->merchants.write(ticket, std::move(write));
}

void Engine::reseal(const KeyRing& keys, std::size_t left) {
  impl_->resealing.start(keys, left);
}

std::size_t Engine::reseals_left() const {
  return impl_->resealing.left();
}

bool Engine::resealing() const {
  return impl_->resealing.running();
}

bool Engine::take_resealed() {
  return impl_->resealing.take_finished();
}

void Engine::confirm_clock() {
  impl_->core.clock_held = false;
  impl_->core.clock.adopt();
}

std::vector<Answer> Engine::take_answers() {
  return impl_->core.requests.take_answers();
}

bool Engine::inbox_room() const {
  return impl_->inboxing.room();
}

void Engine::offer_inbox(InboxSlice slice) {
  impl_->inboxing.offer(std::move(slice));
}

std::optional<InboxResult> Engine::take_inbox_result() {
  return impl_->inboxing.take_result();
}

TurnResult Engine::turn(Moment now) {
  return impl_->turn(now);
}

void Engine::note_memory(const MemoryUse& use) {
  Core& core = impl_->core;
  if (core.memory.observe(use)) core.parts.events.on(MemoryShort{use, !core.memory.is_over()});
}

void Engine::begin_drain() {
  if (std::exchange(impl_->core.draining, true)) return;
  impl_->core.parts.events.on(DrainStarted{impl_->core.flights.flying()});
}

bool Engine::drained() const {
  const Core& core = impl_->core;
  return core.draining && core.flights.flying() == 0 && core.flights.settling() == 0 && core.outgoing.empty() &&
         impl_->merchants.idle() && !core.batch_in_flight;
}

void Engine::abort_transfers() {
  impl_->core.parts.transport.abort_all();
}

EngineTime Engine::now() const {
  return impl_->core.clock.now();
}

WallTime Engine::wall() const {
  return impl_->core.clock.wall();
}

bool Engine::in_flight(NotificationId id) const {
  return impl_->core.flights.whereabouts(id).value_or(Whereabouts::kOperating) != Whereabouts::kOperating;
}

LaneView Engine::lane_view(const LaneKey& key) const {
  return view_of_lane(impl_->core, key);
}

LanesPage Engine::lanes(const LaneFilter& filter, const std::optional<LaneKey>& position, std::size_t limit) const {
  return page_of_lanes(impl_->core, filter, position, limit);
}

HostsPage Engine::hosts(const std::optional<std::string>& position, std::size_t limit) const {
  return page_of_hosts(impl_->core, position, limit);
}

EngineStats Engine::stats() const {
  const Core& core = impl_->core;
  EngineStats stats;
  stats.now = core.clock.now();
  stats.clock_offset = core.clock.offset();
  stats.recovering = core.recovering;
  stats.discovering = core.discovering;
  stats.clock_held = core.clock_held;
  stats.draining = core.draining;
  stats.storage_trouble = core.storage_trouble || core.storage_stalled;
  stats.disk = core.parts.outbox.disk_band();
  stats.memory = core.memory.use();
  stats.memory_short = core.memory.is_over();
  stats.sending = core.sending();
  stats.sending_since = core.outage.since();
  stats.hosts_failing = core.outage.failing();
  stats.hosts_reached = core.outage.reached();
  stats.lanes = core.lanes.size();
  stats.hosts = core.lanes.host_count();
  stats.in_flight = core.flights.flying();
  stats.unsettled = core.flights.flying() + core.flights.settling();
  stats.admissions_queued = core.outgoing.admissions();
  stats.suspects = core.suspects.size();
  stats.squeezed_in_flight = core.lanes.squeezed_in_flight();
  stats.untried_in_flight = core.lanes.untried_in_flight();
  stats.lanes_at_rate = core.lanes.waiting_for_token();
  stats.page_bytes = core.lanes.page_bytes();
  stats.batches = core.batches;
  stats.attempts_settled = core.attempts_settled;
  stats.not_sent = core.not_sent;
  return stats;
}

}  // namespace ackd
