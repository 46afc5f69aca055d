// The lines that lanes wait in: for a trial, for a token of their rate, for a slot or a token of their host.
#include "base/planted_bug.h"
#include "engine/lanes.h"
#include "engine/suspects.h"

namespace ackd {

// Joins the buckets that the facts name; who asks for them anew leaves the one before. The host has joined already.
void Lanes::take_paces(Lane& lane, const LaneFacts& facts) {
  if (facts.rate) {
    const LaneKey key = lane.key().copy();
    lane.pace = paces_.join("merchant " + key.provider + "|" + key.merchant, *facts.rate);
  } else {
    lane.pace = paces_.join("lane " + std::to_string(lane.id.value), limits_.rates.lane);
  }
  Host& host = hosts_[lane.host];
  if (host.pace == kNoPace) host.pace = paces_.join("host " + host.origin, limits_.rates.of_host(host.origin));
}

// It has a due row at hand, and its merchant allows it.
void Lanes::put_in_line(Lane& lane) {
  if (is_held_back(lane.host)) return hold_back(lane);
  if (lane.in_flight >= lane.window.size()) return;
  TrialShare* share = share_of(lane);
  // A trial of its host while sending is suspended is one of few anyway.
  const bool may_begin = share == nullptr || (held_back_.is_tried(lane.host) ? share->has_slot() : share->has_room());
  if (!may_begin && !PLANTED(kUnboundedSqueezed)) {
    lane.place = Lane::Place::kTrialWait;
    return share->wait(lane);
  }
  if (!paces_.has_unclaimed(lane.pace)) {
    lane.place = Lane::Place::kTokenWait;
    return paces_.wait(lane);
  }
  if (has_room(lane.host)) return enter_ready(lane);
  lane.place = Lane::Place::kHostWait;
  hosts_.wait(lane);
  tell_of_token(lane.host);
}

// For one more lane to start.
bool Lanes::has_room(HostIndex host) {
  return hosts_[host].in_flight < ceiling(host) && paces_.has_unclaimed(hosts_[host].pace);
}

// With a slot free, lanes that wait here wait for a token. Without one they are woken when there is one.
void Lanes::tell_of_token(HostIndex index) {
  const Host& host = hosts_[index];
  const bool has_slot = host.waiting > 0 && host.in_flight < ceiling(index);
  paces_.tell_host(host.pace, index, has_slot && !paces_.has_unclaimed(host.pace));
}

// As many as there is room for.
void Lanes::wake_trials() {
  for (const TrialShare* share : {&squeezed_, &untried_}) {
    while (const std::optional<LaneId> next = share->next()) {
      Lane& lane = lanes_.at(*next);
      leave_place(lane);
      put_in_line(lane);
    }
  }
}

// One free slot wakes one waiting lane, the longest waiting first.
void Lanes::wake_waiting(HostIndex index) {
  while (hosts_[index].waiting > 0 && (is_held_back(index) || has_room(index))) {
    Lane& next = lanes_.at(hosts_.first_waiting(index).value());
    leave_place(next);
    put_in_line(next);
    if (next.place == Lane::Place::kReady) break;
  }
  tell_of_token(index);
}

void Lanes::wake_paced() {
  while (const std::optional<Paces::Next> next = paces_.next()) {
    if (next->lane) {
      Lane& lane = lanes_.at(*next->lane);
      leave_place(lane);
      put_in_line(lane);
      continue;
    }
    // Later than it should be, there may be several tokens.
    do {
      wake_waiting(next->host);
    } while (hosts_[next->host].waiting > 0 && has_room(next->host));
  }
}

bool Lanes::admits_suspect(const Lane& lane) {
  const PaceIndex host = hosts_[lane.host].pace;
  if (paces_.has_token(lane.pace) && paces_.has_token(host)) return true;
  // Until it has been looked at again.
  for (const PaceIndex pace : {lane.pace, host}) paces_.keep_one(pace, Suspects::kPatience * 2);
  return false;
}

void Lanes::give_back_token(const Lane& lane, HostIndex host) {
  paces_.give_back(lane.pace);
  paces_.give_back(hosts_[host].pace);
}

RateView Lanes::rate_of(const Lane& lane) const {
  return paces_.view(lane.pace);
}

RateView Lanes::host_rate_of(HostIndex host) const {
  return paces_.view(hosts_[host].pace);
}

}  // namespace ackd
