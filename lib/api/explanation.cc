#include "api/explanation.h"

#include <fmt/format.h>

namespace ackd {
namespace {

using Json = nlohmann::ordered_json;

std::string time_text(EngineTime at) {
  return format_rfc3339(at.ms);
}

// " Its last attempt was rejected: the body is ..."; nothing before the first attempt.
std::string last_attempt(const NotificationRecord& record) {
  if (record.attempts.empty()) return {};
  const Attempt& last = record.attempts.back();
  return fmt::format("attempt {} was {}: {}", last.number, name_of(last.outcome), last.reason);
}

std::string after_last_attempt(const NotificationRecord& record) {
  const std::string last = last_attempt(record);
  return last.empty() ? last : "; " + last;
}

std::string why_final(const NotificationRecord& record) {
  const std::string at = time_text(record.finished_at);
  if (record.state == State::kDelivered) {
    return fmt::format("delivered at {}{}", at, after_last_attempt(record));
  }
  if (record.state == State::kCancelled) {
    return fmt::format("cancelled at {}: {}", at, record.reason.empty() ? "an operator asked for it" : record.reason);
  }
  return fmt::format("exhausted at {} after {} attempts{}{}. `ackctl retry {}` sends it again as a new notification",
                     at, record.progress.attempts, record.reason.empty() ? "" : ": " + record.reason,
                     after_last_attempt(record), to_string(record.notification.id));
}

std::string why_held(const NotificationRecord& record, const LaneView& lane) {
  // It waits for its merchant, and needs nobody once that has come.
  if (!lane.held_because.empty() && record.reason == lane.held_because) return "held: " + record.reason;
  return fmt::format("held: {}. Nothing is sent until an operator acts; `ackctl retry {}` makes it due now",
                     record.reason.empty() ? "no reason is on record" : record.reason,
                     to_string(record.notification.id));
}

std::string why_later(const NotificationRecord& record, const RecordFacts& facts) {
  const std::string next = describe_next(record, facts);
  if (!record.attempts.empty()) return fmt::format("{}; {}", last_attempt(record), next);
  if (record.next_at == record.notification.not_before)
    return "its sender asked for a later start (not_before): " + next;
  return "put off without an attempt, after trouble of our own or by an operator: " + next;
}

// What stops every lane, or nothing.
std::string why_nothing_starts(const EngineStats& engine) {
  if (engine.draining) return "ackd is draining: nothing new starts until it has been restarted";
  if (engine.clock_held) {
    return "the clock was earlier than the newest record when ackd started: nothing is sent until the time is put "
           "right and confirmed (POST /v1/clock/confirm)";
  }
  if (engine.storage_trouble) return "the outbox cannot be written: nothing is sent until it can; see the log";
  if (engine.disk == DiskBand::kCritical) return "the disk is nearly full: nothing new is sent; make space";
  if (engine.recovering)
    return "ackd is still recording what was in flight when it last ended; sending starts after it";
  return {};
}

std::string why_merchant_waits(const LaneView& lane, const LaneKey& key) {
  if (lane.paused) {
    const std::string until = lane.paused_until ? " until " + time_text(*lane.paused_until) : std::string();
    return fmt::format("its merchant is paused{}{}; `ackctl merchant resume {} {}` goes on{}", until,
                       lane.pause_reason.empty() ? "" : " (" + lane.pause_reason + ")", key.provider, key.merchant,
                       until.empty() ? "" : " before");
  }
  if (!lane.held_because.empty()) return "it is about to be held: " + lane.held_because;
  return {};
}

// The closed lane's trouble says it too, for one that has been tried.
std::string why_held_back(const LaneView& lane, const EngineStats& engine) {
  return fmt::format(
      "sending to {} is suspended: since {} most hosts cannot be connected to ({} failing and {} reached within the "
      "last minute), so they are tried a few at a time. It goes on by itself and has used up no attempt meanwhile; "
      "check this machine's network, resolver, proxy and firewall",
      lane.host, time_text(engine.sending_since), engine.hosts_failing, engine.hosts_reached);
}

bool is_used_up(const RateView& rate, EngineTime now) {
  return !rate.rate.none() && rate.next_at > now;
}

std::string why_rate_waits(const std::string& whose, const RateView& rate, EngineTime now) {
  return fmt::format("the rate of its {}, {} a second, is used up; the next may start at {} (in {})", whose,
                     rate.rate.per_second, time_text(rate.next_at), format_duration(rate.next_at - now));
}

std::string why_lane_waits(const LaneView& lane, const EngineStats& engine, EngineTime now) {
  if (!lane.known) return "its lane is not loaded yet; lanes are still being found after the start";
  if (lane.opens_at > now && lane.squeezed) {
    return fmt::format(
        "its merchant fails ({}), so its lane is tried with one request at a time, the next at {} (in {})",
        lane.trouble, time_text(lane.opens_at), format_duration(lane.opens_at - now));
  }
  if (lane.opens_at > now) {
    return fmt::format("its lane is closed until {} (in {}) after trouble on our side: {}", time_text(lane.opens_at),
                       format_duration(lane.opens_at - now), lane.trouble);
  }
  if (lane.held_back) return why_held_back(lane, engine);
  if (lane.in_flight >= lane.window) {
    return fmt::format("its lane is full: {} of {} requests of this merchant are in flight", lane.in_flight,
                       lane.window);
  }
  if (is_used_up(lane.rate, now)) return why_rate_waits("merchant", lane.rate, now);
  if (lane.host_in_flight >= lane.host_ceiling) {
    return fmt::format("its host {} is full: {} of {} requests are in flight", lane.host, lane.host_in_flight,
                       lane.host_ceiling);
  }
  if (is_used_up(lane.host_rate, now)) return why_rate_waits("host " + lane.host, lane.host_rate, now);
  if (lane.squeezed) {
    return fmt::format(
        "its merchant fails ({}); such merchants take turns in a quarter of all requests, {} are in flight",
        lane.trouble, engine.squeezed_in_flight);
  }
  if (lane.untried) {
    return fmt::format(
        "its merchant has not answered yet; such merchants take turns in half of all requests, {} are in flight",
        engine.untried_in_flight);
  }
  return "it waits for its turn behind other work that is due";
}

std::string why_pending(const NotificationRecord& record, const RecordFacts& facts, const LaneView& lane,
                        const EngineStats& engine) {
  const std::string intent =
      record.cancel_asked ? "; it was asked to be cancelled, and will be unless acknowledged" : "";
  if (facts.in_flight) return fmt::format("attempt {} is in flight now{}", record.progress.attempts + 1, intent);
  const std::string merchant = why_merchant_waits(lane, record.notification.lane);
  if (record.next_at > facts.now) {
    return why_later(record, facts) + (lane.paused ? "; until then and longer " + merchant : "") + intent;
  }
  std::string stopped = why_nothing_starts(engine);
  if (stopped.empty()) stopped = merchant;
  return fmt::format("due since {}: {}{}", time_text(record.next_at),
                     stopped.empty() ? why_lane_waits(lane, engine, facts.now) : stopped, intent);
}

std::string source_text(const Profile& profile, const std::string& fact) {
  const auto source = profile.sources.find(fact);
  if (source == profile.sources.end()) return {};
  std::string out;
  if (!source->second.published.empty()) out += " (published: " + source->second.published + ")";
  if (!source->second.inferred.empty()) out += " (inferred: " + source->second.inferred + ")";
  return out;
}

std::vector<std::string> facts_of(const NotificationRecord& record, const RecordFacts& facts) {
  std::vector<std::string> out;
  if (facts.profile == nullptr) {
    out.push_back("the profile revision it was admitted under is not known to this process");
  } else {
    out.push_back(fmt::format("schedule of {}: {} sends at most{}", facts.profile->id,
                              facts.profile->schedule.sends_max(), source_text(*facts.profile, "schedule")));
    if (facts.give_up_after) {
      out.push_back(fmt::format("given up when the next attempt would be later than {}, which is {} after its start",
                                time_text(record.notification.not_before + *facts.give_up_after),
                                format_duration(*facts.give_up_after)));
    }
    if (facts.acknowledgement) {
      out.push_back(fmt::format("acknowledged when {}{}", describe(*facts.acknowledgement),
                                source_text(*facts.profile, "acknowledgement")));
    }
  }
  if (!record.attempts.empty()) out.push_back(last_attempt(record));
  if (record.notification.replay_of) {
    out.push_back("sends notification " + to_string(*record.notification.replay_of) + " again");
  }
  return out;
}

}  // namespace

Explanation explain(const NotificationRecord& record, const RecordFacts& facts, const LaneView& lane,
                    const EngineStats& engine) {
  Explanation out{{}, facts_of(record, facts)};
  if (is_final(record.state)) {
    out.why = why_final(record);
  } else {
    out.why = record.state == State::kHeld ? why_held(record, lane) : why_pending(record, facts, lane, engine);
  }
  return out;
}

Json to_json(const LaneView& lane, EngineTime now) {
  Json json{{"paused", lane.paused},   {"in_flight", lane.in_flight}, {"window", lane.window},
            {"untried", lane.untried}, {"squeezed", lane.squeezed},   {"buffered", lane.buffered}};
  if (lane.paused_until) json["paused_until"] = time_text(*lane.paused_until);
  if (lane.opens_at > now) json["opens_at"] = time_text(lane.opens_at);
  if (!lane.trouble.empty()) json["trouble"] = lane.trouble;
  json["host"] = lane.host;
  json["host_in_flight"] = lane.host_in_flight;
  json["host_ceiling"] = lane.host_ceiling;
  json["held_back"] = lane.held_back;
  add_rate(lane.rate, "", now, json);
  add_rate(lane.host_rate, "host_", now, json);
  return json;
}

void add_rate(const RateView& rate, const std::string& prefix, EngineTime now, Json& json) {
  if (rate.rate.none()) return;
  json[prefix + "rate"] = rate.rate.per_second;
  json[prefix + "rate_burst"] = rate.rate.most();
  if (is_used_up(rate, now)) json[prefix + "rate_opens_at"] = time_text(rate.next_at);
}

}  // namespace ackd
