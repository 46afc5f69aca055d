#include "engine/suspending.h"

#include <algorithm>

#include "base/planted_bug.h"

namespace ackd {
namespace {

constexpr std::size_t kExamplesMax = 3;
// After a turn that could not do all that was due.
constexpr Duration kSoon{1};

}  // namespace

void Suspending::advance() {
  core_.outage.advance(core_.clock.now());
  announce();
}

void Suspending::note(const Flight& flight, const Transfer& transfer) {
  const Contact contact = contact_of(transfer);
  core_.outage.note(core_.lanes.host_name(flight.host), contact, core_.clock.now());
  if (contact == Contact::kReached) core_.lanes.host_answers(flight.host);
  announce();
}

void Suspending::announce() {
  const std::optional<OutageChange> change = core_.outage.take_change();
  if (!change) return;
  const EngineTime now = core_.clock.now();
  if (*change == OutageChange::kSuspended) {
    core_.ramp.stop();
    suspended_at_ = now;
    not_sent_before_ = core_.not_sent;
    core_.parts.events.on(
        SendingSuspended{core_.outage.failing(), core_.outage.reached(), core_.outage.examples(kExamplesMax)});
    return;
  }
  core_.ramp.start(core_.flights.flying(), now);
  core_.parts.events.on(SendingResumed{*change, now - suspended_at_, core_.not_sent - not_sent_before_});
}

std::string Suspending::why_not_theirs(const Flight& flight, const Transfer& transfer, bool last) const {
  if (contact_of(transfer) != Contact::kFailed) return {};
  if (core_.outage.suspended() && !PLANTED(kSuspendedUsesAttempt)) {
    return "most hosts cannot be connected to, so sending is suspended";
  }
  if (last && core_.outage.doubts(core_.lanes.host_name(flight.host), core_.clock.now()) && !PLANTED(kDoubtNothing)) {
    return "no other host has answered since, so it may be our own network";
  }
  return {};
}

bool Suspending::may_try(HostStanding standing) const {
  const std::vector<HeldBack::Trial>& trials = core_.lanes.trials();
  const auto failing = std::count_if(trials.begin(), trials.end(), [](const HeldBack::Trial& trial) {
    return trial.standing == HostStanding::kFailing;
  });
  const bool has_slot =
      trials.size() < kTrialsMax && (standing != HostStanding::kFailing || failing < kFailingTrialsMax);
  return has_slot && core_.outage.suspended() && core_.lanes.waits_for_trial(standing) && core_.may_start() &&
         core_.has_room();
}

void Suspending::start_trials() {
  const EngineTime now = core_.clock.now();
  core_.lanes.end_idle_trials(now);
  core_.lanes.release(now);
  for (const HostStanding standing : {HostStanding::kUnknown, HostStanding::kFailing}) {
    while (may_try(standing) && core_.outage.next_trial(standing) <= now) {
      core_.lanes.start_trial(standing, now);
      core_.outage.trial_started(standing, now);
    }
  }
}

std::optional<EngineTime> Suspending::next_wake() const {
  const EngineTime now = core_.clock.now();
  std::optional<EngineTime> wake = core_.outage.next_change();
  const auto consider = [&](std::optional<EngineTime> at) {
    if (at) wake = std::min(wake.value_or(*at), *at);
  };
  consider(core_.ramp.next_step(now));
  if (core_.lanes.has_released() || core_.lanes.has_idle_trial(now)) consider(now + kSoon);
  for (const HostStanding standing : {HostStanding::kUnknown, HostStanding::kFailing}) {
    if (may_try(standing)) consider(std::max(core_.outage.next_trial(standing), now + kSoon));
  }
  return wake;
}

}  // namespace ackd
