#include "events/spdlog_events.h"

#include <fmt/format.h>

namespace ackd {
namespace {

std::int64_t number(std::size_t value) {
  return static_cast<std::int64_t>(value);
}

// The event's name is the state that the notification is in now: what people search for.
std::string_view name_of(const AttemptSettled& event) {
  return event.state == State::kPending ? "attempt_failed" : name_of(event.state);
}

LogLevel level_of(const AttemptSettled& event) {
  return event.state == State::kExhausted || event.state == State::kHeld ? LogLevel::kWarning : LogLevel::kInfo;
}

std::string sentence_of(const AttemptSettled& event) {
  const std::string reason = event.reason.empty() ? std::string() : ": " + event.reason;
  const std::string outcome = fmt::format("{}{}", name_of(event.outcome), reason);
  const std::string id = to_string(event.id);
  switch (event.state) {
    case State::kPending: return fmt::format("{}; next attempt at {}", outcome, format_rfc3339(event.next_at.ms));
    case State::kExhausted:
      if (event.probe) return outcome + "; a probe is sent once";
      return fmt::format("{}; the schedule has ended, `ackctl retry {}` sends it again", outcome, id);
    case State::kHeld:
      return fmt::format("{}; nothing is sent until an operator acts, see `ackctl why {}`", outcome, id);
    case State::kDelivered:
    case State::kCancelled: break;
  }
  return outcome;
}

const char* sentence_of(OutageChange why) {
  switch (why) {
    case OutageChange::kAnswering: return "as many hosts answer again as still fail";
    case OutageChange::kOthersAnswer:
      return "others answered all the while, so the hosts that fail are dead by themselves, and what is sent to them "
             "uses up its attempts";
    case OutageChange::kQuiet: return "nothing has failed for five minutes";
    case OutageChange::kSuspended: break;
  }
  return "";
}

}  // namespace

void SpdlogEvents::on(const Event& event) {
  std::visit([this](const auto& fact) { write(fact); }, event);
}

void SpdlogEvents::write(const AttemptSettled& event) const {
  // The commonest line: its sentence is not built for nobody.
  if (!log_.enabled(level_of(event))) return;
  log_.write(level_of(event), name_of(event), sentence_of(event),
             {{"id", to_string(event.id)},
              {"provider", event.lane.provider},
              {"merchant", event.lane.merchant},
              {"subject", event.subject},
              {"attempt", std::int64_t{event.attempt}},
              {"status", std::int64_t{event.status}},
              {"took_ms", event.took.count()}});
}

void SpdlogEvents::write(const AttemptNotSent& event) const {
  const std::string next =
      event.held ? fmt::format("it is held until an operator acts, see `ackctl why {}`", to_string(event.id))
                 : fmt::format("no attempt is used up; tried again in {}", format_duration(event.retry_in));
  log_.write(LogLevel::kWarning, event.held ? "held" : "not_sent", fmt::format("{}; {}", event.reason, next),
             {{"id", to_string(event.id)},
              {"provider", event.lane.provider},
              {"merchant", event.lane.merchant},
              {"end", ackd::name_of(event.end)}});
}

void SpdlogEvents::write(const MoreNotSent& event) const {
  log_.write(LogLevel::kWarning, "more_not_sent",
             fmt::format("so many more within a minute, no attempt used up; the last of them: {}", event.reason),
             {{"count", number(event.count)}});
}

void SpdlogEvents::write(const SendingSuspended& event) const {
  log_.write(LogLevel::kError, "sending_suspended",
             fmt::format("most hosts cannot be connected to, {} among them, so it is taken for our own trouble: only "
                         "hosts that answer are sent to, the others are tried a few at a time, and no attempt is used "
                         "up. Check this machine's network, resolver, proxy and firewall",
                         fmt::join(event.examples, ", ")),
             {{"hosts_failing", number(event.failing)}, {"hosts_reached", number(event.reached)}});
}

void SpdlogEvents::write(const SendingResumed& event) const {
  log_.write(LogLevel::kInfo, "sending_resumed",
             fmt::format("{}; sending comes back within seconds, more every second", sentence_of(event.why)),
             {{"lasted", format_duration(event.lasted)}, {"not_sent", static_cast<std::int64_t>(event.not_sent)}});
}

void SpdlogEvents::write(const NotificationQuarantined& event) const {
  const std::string id = to_string(event.id);
  log_.write(LogLevel::kError, "quarantined",
             fmt::format("ackd ended abnormally {} times while only this was in flight; it is held. Keep the core dump "
                         "and the answer's origin, then `ackctl retry {}` or `ackctl cancel {}`",
                         event.crashes, id, id),
             {{"id", id}, {"crashes", std::int64_t{event.crashes}}});
}

void SpdlogEvents::write(const MerchantActivated& event) const {
  log_.write(LogLevel::kInfo, "merchant_activated",
             fmt::format("{} acknowledged a probe; what was held for merchant {}/{} is sent now", event.url,
                         event.merchant.provider, event.merchant.id),
             {{"provider", event.merchant.provider},
              {"merchant", event.merchant.id},
              {"url", event.url},
              {"id", to_string(event.probe)}});
}

void SpdlogEvents::write(const ProbeFailed& event) const {
  log_.write(LogLevel::kWarning, "probe_failed",
             fmt::format("{}; once that is put right, `ackctl merchant probe {} {}` probes again", event.reason,
                         event.merchant.provider, event.merchant.id),
             {{"provider", event.merchant.provider}, {"merchant", event.merchant.id}, {"id", to_string(event.probe)}});
}

void SpdlogEvents::write(const MerchantChanged& event) const {
  log_.write(LogLevel::kInfo, "merchant_changed",
             fmt::format("merchant {}/{} was {}", event.merchant.provider, event.merchant.id, event.what),
             {{"provider", event.merchant.provider}, {"merchant", event.merchant.id}, {"change", event.what}});
}

void SpdlogEvents::write(const MerchantsImported& event) const {
  log_.write(LogLevel::kInfo, "merchants_imported", "all merchants of an import are in force",
             {{"count", number(event.count)}});
}

void SpdlogEvents::write(const SharedKeysChanged& event) const {
  log_.write(LogLevel::kInfo, "shared_keys_changed",
             fmt::format("the keys that the merchants of {} share were replaced", event.provider),
             {{"provider", event.provider}});
}

void SpdlogEvents::write(const KeysResealed& event) const {
  log_.write(LogLevel::kInfo, "keys_resealed", "everything on record is sealed under the current master key",
             {{"master_key", event.master}, {"count", number(event.count)}});
}

void SpdlogEvents::write(const ResealingStopped& event) const {
  log_.write(LogLevel::kError, "resealing_stopped",
             event.reason + "; the older master keys stay. Give that merchant its keys anew, then rotate again");
}

void SpdlogEvents::write(const PossiblySentFound& event) const {
  log_.write(LogLevel::kWarning, "possibly_sent",
             "the last run ended without a drain; what was in flight is recorded as possibly sent and is sent again on "
             "its schedule, which receivers may see as a repeat",
             {{"count", number(event.count)}});
}

void SpdlogEvents::write(const StorageTrouble& event) const {
  if (event.over) {
    log_.write(LogLevel::kInfo, "storage_recovered", "the outbox can be written again; accepting and sending go on");
    return;
  }
  log_.write(
      LogLevel::kError, "storage_trouble",
      event.message +
          "; nothing is accepted or sent until it can be written. Make space, or mend the disk; it recovers by itself");
}

void SpdlogEvents::write(const StorageFailed& event) const {
  log_.write(
      LogLevel::kError, "storage_failed",
      event.message + "; the record can no longer be trusted, so ackd ends now. Check the disk before the restart");
}

void SpdlogEvents::write(const MemoryShort& event) const {
  if (event.over) {
    log_.write(LogLevel::kInfo, "memory_recovered", "there is memory again; accepting goes on");
    return;
  }
  log_.write(LogLevel::kWarning, "memory_short",
             describe(event.use) + "; nothing is accepted until less is used, and sending goes on",
             {{"bytes", static_cast<std::int64_t>(event.use.bytes)},
              {"bytes_max", static_cast<std::int64_t>(event.use.bytes_max)}});
}

void SpdlogEvents::write(const ClockStepped& event) const {
  log_.write(
      LogLevel::kWarning, "clock_stepped",
      "the system's clock was stepped; schedules keep to the old time. If the new time is right, confirm it with "
      "POST /v1/clock/confirm",
      {{"by_ms", event.by.count()}});
}

void SpdlogEvents::write(const ClockBehindRecord& event) const {
  log_.write(LogLevel::kError, "clock_behind_record",
             "the clock is earlier than the newest record, so nothing is sent. Put the time right, then POST "
             "/v1/clock/confirm",
             {{"wall", format_rfc3339(event.wall.ms)}, {"newest_record", format_rfc3339(event.newest.ms)}});
}

void SpdlogEvents::write(const InboxTrouble& event) const {
  if (event.over) {
    log_.write(LogLevel::kInfo, "inbox_recovered", "the platform's inbox is read and its mark published again");
    return;
  }
  log_.write(LogLevel::kError, "inbox_trouble", event.message, {{"kind", event.kind}});
}

void SpdlogEvents::write(const InboxReplaced& event) const {
  log_.write(
      LogLevel::kWarning, "inbox_replaced",
      "another file than before is the platform's inbox now. If that was not meant, put the right one back: what "
      "was in it and not read yet is in it still",
      {{"source", event.source}, {"identity_before", event.before}, {"identity", event.after}, {"mark", event.mark}});
}

void SpdlogEvents::write(const DrainStarted& event) const {
  log_.write(LogLevel::kInfo, "drain_started", "nothing new is accepted or started; waiting for what is in flight",
             {{"in_flight", number(event.in_flight)}});
}

void SpdlogEvents::write(const JobStarted& event) const {
  const Job& job = event.job;
  log_.write(LogLevel::kInfo, event.resumed ? "job_resumed" : "job_started",
             fmt::format("{}{}; `ackctl job show {}` says what it is about, `ackctl job stop {}` ends it",
                         job.dry_run ? "counts what could be changed by " : "", ackd::name_of(job.verb), job.id.value,
                         job.id.value),
             {{"job", job.id.value}, {"verb", ackd::name_of(job.verb)}, {"reason", job.reason}});
}

void SpdlogEvents::write(const JobEnded& event) const {
  const Job& job = event.job;
  const bool stopped = job.state == JobState::kStopped;
  log_.write(LogLevel::kInfo, stopped ? "job_stopped" : "job_done",
             stopped ? "an operator stopped it; what it has done stays done" : "everything that matched was dealt with",
             {{"job", job.id.value},
              {"verb", ackd::name_of(job.verb)},
              {"looked_at", number(job.looked_at)},
              {"matched", number(job.matched)},
              {"applied", number(job.applied)},
              {"refused", number(job.refused)}});
}

}  // namespace ackd
