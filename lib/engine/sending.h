// The stage that sends: due row -> signer -> transport -> judged outcome -> settlement. One function for each arrow.
#pragma once

#include <deque>

#include "engine/core.h"
#include "policy/judge.h"

namespace ackd {

class Sending {
 public:
  explicit Sending(Core& core) : core_(core) {}

  // Starts what is due while there is room.
  void start_due();
  // Starts one row whose lane slot is taken and which is away from its lane.
  void start(DueNotification row, const LaneKey& lane, bool suspect);
  // Takes in what the signer and the transport have finished.
  void take_finished();

 private:
  void on_signing(Signing signing);
  void send(Ticket ticket, SignedRequest signed_request);
  void on_transfer(Transfer transfer);
  void settle(Flight flight, const Transfer& transfer, const Outcome& outcome);
  void not_sent(Flight flight, TransferEnd end, const Outcome& outcome);
  void hold_for_merchant(DueNotification row, const LaneKey& lane);
  std::string why_not_sent(const Flight& flight) const;
  void send_or_return(Ticket ticket, SignedRequest signed_request);
  std::string merchant_url(const LaneKey& lane) const;
  void plan_next(const Flight& flight, const Transfer& transfer, const Outcome& outcome, Settlement& settlement) const;
  Settlement held(const Flight& flight, const std::string& reason) const;
  void close_lane(Lane& lane, const std::string& trouble);

  struct Waiting {
    Ticket ticket;
    SignedRequest signed_request;
  };
  Core& core_;
  std::deque<Waiting> signed_waiting_;  // signed while the transport was full
};

}  // namespace ackd
