// The engine's events as log lines. Levels: what an operator should act on is a warning, what stops the daemon an
// error, the ordinary life of notifications is information.
#pragma once

#include "events/events.h"
#include "events/spdlog_log.h"

namespace ackd {

class SpdlogEvents final : public Events {
 public:
  // The log must outlive it.
  explicit SpdlogEvents(const SpdlogLog& log) : log_(log) {}

  void on(const Event& event) override;

 private:
  void write(const AttemptSettled& event) const;
  void write(const AttemptNotSent& event) const;
  void write(const MoreNotSent& event) const;
  void write(const SendingSuspended& event) const;
  void write(const SendingResumed& event) const;
  void write(const NotificationQuarantined& event) const;
  void write(const MerchantActivated& event) const;
  void write(const ProbeFailed& event) const;
  void write(const MerchantChanged& event) const;
  void write(const MerchantsImported& event) const;
  void write(const SharedKeysChanged& event) const;
  void write(const KeysResealed& event) const;
  void write(const ResealingStopped& event) const;
  void write(const PossiblySentFound& event) const;
  void write(const StorageTrouble& event) const;
  void write(const StorageFailed& event) const;
  void write(const MemoryShort& event) const;
  void write(const ClockStepped& event) const;
  void write(const ClockBehindRecord& event) const;
  void write(const InboxTrouble& event) const;
  void write(const InboxReplaced& event) const;
  void write(const DrainStarted& event) const;
  void write(const JobStarted& event) const;
  void write(const JobEnded& event) const;

  const SpdlogLog& log_;
};

}  // namespace ackd
