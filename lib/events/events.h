// Contract: what the engine tells the outside about itself. Typed facts; logs, metrics and test recorders are sinks.
// A sink must return at once and must not call the engine.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "model/activation.h"
#include "model/notification.h"
#include "model/outcome.h"
#include "model/state.h"
#include "outbox/job.h"
#include "policy/memory_watermark.h"
#include "policy/outage.h"

namespace ackd {

struct AttemptSettled {
  NotificationId id;
  LaneKey lane;
  std::string subject;
  std::uint32_t attempt = 0;
  OutcomeClass outcome = OutcomeClass::kUnknown;
  int status = 0;
  std::string reason;
  State state = State::kPending;
  EngineTime next_at;  // with kPending
  Duration took{0};
  bool probe = false;
};

struct AttemptNotSent {
  NotificationId id;
  LaneKey lane;
  TransferEnd end = TransferEnd::kRequestInvalid;
  std::string reason;
  Duration retry_in{0};
  bool held = false;
};

// Of the last minute's AttemptNotSent, those that were not told one by one.
struct MoreNotSent {
  std::size_t count = 0;
  std::string reason;  // the last one's
};

// Most hosts cannot be connected to: it is not them.
struct SendingSuspended {
  std::size_t failing = 0;
  std::size_t reached = 0;
  std::vector<std::string> examples;  // some of those that fail
};

struct SendingResumed {
  OutageChange why = OutageChange::kAnswering;
  Duration lasted{0};
  std::uint64_t not_sent = 0;  // that came back meanwhile, no attempt used up
};

struct NotificationQuarantined {
  NotificationId id;
  std::uint32_t crashes = 0;
};

// A probe was acknowledged: from now on the merchant's notifications are sent, those that waited first.
struct MerchantActivated {
  NotificationId probe;
  MerchantName merchant;
  std::string url;
};

// A probe was not acknowledged (a zero id: it could not even be made). What waits for it goes on waiting.
struct ProbeFailed {
  NotificationId probe;
  MerchantName merchant;
  std::string reason;
};

// In force from now on: "added", "changed", "removed", "paused" or "resumed".
struct MerchantChanged {
  MerchantName merchant;
  const char* what = "";
};

struct MerchantsImported {
  std::size_t count = 0;
};

struct SharedKeysChanged {
  std::string provider;
};

// A rotation is over: everything is sealed under this master key.
struct KeysResealed {
  std::string master;
  std::size_t count = 0;
};

// A key on record that did not open; the older master keys stay.
struct ResealingStopped {
  std::string reason;
};

struct PossiblySentFound {
  std::size_t count = 0;
};

// The outbox cannot be written for now (disk full, busy), or can again.
struct StorageTrouble {
  std::string message;
  bool over = false;
};

// The record can no longer be trusted; the daemon must exit non-zero.
struct StorageFailed {
  std::string message;
};

// More memory is used than ingest.memory_max, so nothing is accepted; or it is over.
struct MemoryShort {
  MemoryUse use;
  bool over = false;
};

struct ClockStepped {
  Duration by{0};
};

// Started with a clock earlier than the newest record: sending waits for an operator.
struct ClockBehindRecord {
  WallTime wall;
  EngineTime newest;
};

// The platform's inbox cannot be read, or its mark cannot be published; or can again. Everything else goes on.
struct InboxTrouble {
  std::string kind;  // "missing", "locked", "set_back" ...
  std::string message;
  bool over = false;
};

// Another file than before is the platform's inbox now.
struct InboxReplaced {
  std::string source;
  std::string before;  // identity; empty when it was another run of ackd that read it
  std::string after;
  std::int64_t mark = 0;  // it is read behind this row
};

struct DrainStarted {
  std::size_t in_flight = 0;
};

// A job was asked for, or goes on after a restart.
struct JobStarted {
  Job job;
  bool resumed = false;
};

// A job is done, or was stopped.
struct JobEnded {
  Job job;
};

using Event =
    std::variant<AttemptSettled, AttemptNotSent, MoreNotSent, SendingSuspended, SendingResumed, NotificationQuarantined,
                 MerchantActivated, ProbeFailed, MerchantChanged, MerchantsImported, SharedKeysChanged, KeysResealed,
                 ResealingStopped, PossiblySentFound, StorageTrouble, StorageFailed, MemoryShort, ClockStepped,
                 ClockBehindRecord, InboxTrouble, InboxReplaced, DrainStarted, JobStarted, JobEnded>;

class Events {
 public:
  virtual ~Events() = default;
  virtual void on(const Event& event) = 0;
};

}  // namespace ackd
