// The stage that sends: due row -> signer -> transport -> judged outcome -> settlement. One function for each arrow.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "engine/core.h"
#include "engine/suspending.h"
#include "policy/judge.h"
#include "policy/repeated_alarm.h"

namespace ackd {

class Sending {
 public:
  // Both must outlive it.
  Sending(Core& core, Suspending& suspending) : core_(core), suspending_(suspending) {}

  // Starts what is due while there is room.
  void start_due();
  // Starts one row whose lane slot is taken and which is away from its lane.
  void start(DueNotification row, const LaneKey& lane, bool suspect);
  // Takes in what the signer and the transport have finished.
  void take_finished();
  // Tells what was not told one by one of a minute that is over.
  void sum_up();
  std::optional<EngineTime> next_wake() const { return alarm_.untold_at(); }

 private:
  void on_signing(Signing signing);
  void send(Ticket ticket, SignedRequest signed_request);
  void on_transfer(Transfer transfer);
  void settle(Flight flight, const Transfer& transfer, const Outcome& outcome, std::optional<EngineTime> next);
  void not_sent(Flight flight, TransferEnd end, const Outcome& outcome);
  void hold_for_merchant(DueNotification row, const LaneKey& lane);
  std::string why_not_sent(const Flight& flight) const;
  void send_or_return(Ticket ticket, SignedRequest signed_request);
  std::string merchant_url(const LaneKey& lane) const;
  std::optional<EngineTime> next_attempt_of(const Flight& flight, const Transfer& transfer) const;
  std::optional<Duration> give_up_after(const Flight& flight, const Profile& profile) const;
  std::string why_ended(const Flight& flight) const;
  void plan_next(const Flight& flight, const Outcome& outcome, std::optional<EngineTime> next,
                 Settlement& settlement) const;
  void tell(const Flight& flight, TransferEnd end, const Outcome& outcome);
  Settlement held(const Flight& flight, const std::string& reason) const;
  void close_lane(Lane& lane, const std::string& trouble);
  void squeeze(Lane& lane, const std::string& trouble, Duration closed);

  struct Waiting {
    Ticket ticket;
    SignedRequest signed_request;
  };
  Core& core_;
  Suspending& suspending_;
  RepeatedAlarm alarm_;
  std::string last_reason_;             // of what it was struck by
  std::deque<Waiting> signed_waiting_;  // signed while the transport was full
};

}  // namespace ackd
