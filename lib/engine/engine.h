// The engine decides what is sent when. It is pulled: every input is a queued fact, every call returns at once, and all
// work happens in turn(). No threads, no locks, no callbacks, no clock: the simulator drives the same code by hand.
//
// One turn:  outbox result -> signings and transfers judged -> starts where lane, host and global limits have room
//            -> next batch handed to the outbox if none is in flight -> when to be woken
//
// A caller is answered, and a lane is told, only after the commit (disk first, memory second).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/rng.h"
#include "base/time.h"
#include "crypto/sealing.h"
#include "engine/lane_views.h"
#include "engine/merchant_write.h"
#include "events/events.h"
#include "model/activation.h"
#include "model/ids.h"
#include "model/merchant.h"
#include "outbox/in_flight.h"
#include "outbox/outbox.h"
#include "outbox/queries.h"
#include "policy/memory_watermark.h"
#include "policy/rate_limit.h"
#include "profile/catalogue.h"
#include "signer/signer.h"
#include "transport/transport.h"

namespace ackd {

struct EngineOptions {
  unsigned node = 0;
  std::size_t lane_window = 16;                // requests in flight for one lane, at most
  std::size_t lane_window_first = 4;           // the same, once its merchant has answered; one before
  std::size_t host_ceiling = 64;               // requests in flight to one scheme://host:port, shared by its lanes
  DeliveryRates rates;                         // at which requests may start
  std::size_t transfers_max = 1'024;           // requests in flight in all
  std::size_t unsettled_max = 4'096;           // in flight plus finished but not yet committed
  std::size_t page_rows = 64;                  // rows of one lane and class that are kept in memory
  std::size_t page_bytes_max = 32u << 20;      // of all pages together
  std::size_t admissions_queued_max = 50'000;  // beyond it, ingest is told to come back
  std::size_t admission_bytes_queued_max = 64u << 20;
  std::size_t lanes_per_scan = 500;    // found per batch after a start
  std::size_t release_rows = 250;      // of one merchant per batch, once it is activated
  std::size_t job_rows = 250;          // of one job per batch
  Duration not_sent_delay_min{1'000};  // after trouble of our own; doubles up to the maximum
  Duration not_sent_delay_max{60'000};
  std::size_t suspend_hosts_min = 5;  // hosts that fail to connect before sending may be suspended; 0: never
  Duration storage_retry{250};        // before a failed batch is handed over again
};

// What the engine is made of; all must outlive it.
struct EngineParts {
  Outbox& outbox;
  InFlight& in_flight;
  Signer& signer;
  Transport& transport;
  const ProfileCatalogue& catalogue;
  MerchantDirectory& merchants;  // as recorded and configured; the engine alone changes it
  Events& events;
  Rng& rng;
  Activations& activations;  // as recorded; the engine alone adds to them
  OutboxQueries& queries;    // the engine's own: jobs ask what there is to do
};

// What the outbox knew when it was opened.
struct EngineStart {
  Moment now;
  NotificationId newest_id;
  EngineTime newest_record;            // the latest instant of anything on record
  std::vector<MerchantName> awaiting;  // merchants that held notifications wait for
  std::vector<Job> jobs;               // those that run
};

// The answer to one item of admit() or change(). An Error means that nothing was recorded.
using ItemAnswer = Result<OperationResult>;

struct Answer {
  Ticket ticket = 0;
  std::vector<ItemAnswer> items;  // in the order asked
};

struct TurnResult {
  // When turn() wants to be called again if nothing happens before; nothing: only when something happens.
  std::optional<EngineTime> wake_at;
  // The record can no longer be trusted: the process must stop at once, non-zero, without answering anyone.
  std::optional<Error> fatal;
};

// Suspended because most hosts cannot be connected to (policy/outage.h); ramping while it comes back.
enum class SendingState : std::uint8_t { kOn, kSuspended, kRamping };
const char* name_of(SendingState state);  // "on", "suspended", "ramping"

struct EngineStats {
  EngineTime now;
  Duration clock_offset{0};
  bool recovering = false;   // survivors of a crash are still being recorded
  bool discovering = false;  // lanes are still being found
  bool clock_held = false;   // sending waits until an operator confirms the clock
  bool draining = false;
  bool storage_trouble = false;
  DiskBand disk = DiskBand::kPlenty;
  MemoryUse memory;  // as noted last
  bool memory_short = false;
  SendingState sending = SendingState::kOn;
  EngineTime sending_since;       // suspended, or not, since then
  std::size_t hosts_failing = 0;  // by their latest request within a minute
  std::size_t hosts_reached = 0;
  std::size_t lanes = 0;
  std::size_t hosts = 0;
  std::size_t in_flight = 0;
  std::size_t squeezed_in_flight = 0;  // of lanes whose merchants fail
  std::size_t untried_in_flight = 0;   // of lanes of which nothing is known
  std::size_t lanes_at_rate = 0;       // that are due, and whose rate is used up
  std::size_t unsettled = 0;           // in flight and settling
  std::size_t admissions_queued = 0;
  std::size_t suspects = 0;
  std::size_t page_bytes = 0;
  std::uint64_t batches = 0;
  std::uint64_t attempts_settled = 0;
  std::uint64_t not_sent = 0;
};

class Engine {
 public:
  Engine(const EngineOptions& options, const EngineParts& parts, const EngineStart& start);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // --- Requests. Each ticket gets exactly one Answer, unless a turn is fatal. ---

  // Whether admissions may be queued now. No: kUnavailable while draining or short of memory, kStorageFull on a low
  // disk, kOverloaded when too much waits for its commit.
  Status accepts(std::size_t items, std::size_t bytes) const;
  void admit(Ticket ticket, std::vector<Admission> admissions);
  // Verbs of operators. Those on a notification in flight follow design.md: cancel sets intent, retry is refused.
  void change(Ticket ticket, std::vector<OperatorChange> changes);
  // Whether another job may be started now: kUnavailable while draining, kStorageFull on a low disk, kOverloaded when
  // many run.
  Status accepts_job() const;
  // Answered once the job is on record. The engine fills in its id, created_at and cursor.
  void start_job(Ticket ticket, Job job);
  void stop_job(Ticket ticket, JobId job);
  // One answer of one item, with the merchant's version.
  void change_merchant(Ticket ticket, MerchantWrite write);
  // Puts every key on record under the ring's current master key, in slices beside everything else; once over, and
  // nothing is left under an older one, take_resealed() says so once. `keys` must outlive the engine.
  // `left` is how many keys that concerns.
  void reseal(const KeyRing& keys, std::size_t left);
  bool resealing() const;
  std::size_t reseals_left() const;
  bool take_resealed();
  // The operator says that the wall clock is right: adopts a step, or lifts the hold after a start in the past.
  void confirm_clock();
  std::vector<Answer> take_answers();

  // --- The platform's inbox. One slice at a time, its result after the commit, whatever batches fail before. ---

  bool inbox_room() const;
  // REQUIRES: inbox_room(), and accepts() unless the slice has no rows.
  void offer_inbox(InboxSlice slice);
  std::optional<InboxResult> take_inbox_result();

  // --- The loop. ---

  TurnResult turn(Moment now);

  // What the process uses, as a fact like the clocks'. Over its limit nothing is accepted; sending goes on.
  void note_memory(const MemoryUse& use);

  // Stops accepting and starting. drained() once nothing is in flight and every outcome is committed.
  void begin_drain();
  bool drained() const;
  // The drain's time is over: ends what is in flight; it settles as unknown.
  void abort_transfers();

  // --- Looking in. ---

  EngineTime now() const;
  WallTime wall() const;  // the system's clock, as of the last turn
  bool in_flight(NotificationId id) const;
  LaneView lane_view(const LaneKey& key) const;
  // One page of the lanes behind a position; from the first one when there is none.
  LanesPage lanes(const LaneFilter& filter, const std::optional<LaneKey>& position, std::size_t limit) const;
  HostsPage hosts(const std::optional<std::string>& position, std::size_t limit) const;
  EngineStats stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ackd
