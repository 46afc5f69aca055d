#include "api/stats_resource.h"

#include "api/inbox_resource.h"
#include "api/notification_codec.h"

namespace ackd {
namespace {

using Json = nlohmann::ordered_json;

Json counts_json(const OutboxCounts& counts) {
  Json json = Json::object();
  for (int state = 0; state < kStateCount; ++state) {
    json[ackd::name_of(static_cast<State>(state))] = counts.by_state.at(static_cast<std::size_t>(state));
  }
  return json;
}

Json engine_json(const EngineStats& engine) {
  return {{"now", format_rfc3339(engine.now.ms)},
          {"clock_offset_ms", engine.clock_offset.count()},
          {"recovering", engine.recovering},
          {"discovering", engine.discovering},
          {"clock_held", engine.clock_held},
          {"draining", engine.draining},
          {"storage_trouble", engine.storage_trouble},
          {"disk", name_of(engine.disk)},
          {"memory_bytes", engine.memory.bytes},
          {"memory_bytes_max", engine.memory.bytes_max},
          {"memory_short", engine.memory_short},
          {"sending", name_of(engine.sending)},
          {"sending_since", format_rfc3339(engine.sending_since.ms)},
          {"hosts_failing", engine.hosts_failing},
          {"hosts_reached", engine.hosts_reached},
          {"lanes", engine.lanes},
          {"hosts", engine.hosts},
          {"in_flight", engine.in_flight},
          {"squeezed_in_flight", engine.squeezed_in_flight},
          {"untried_in_flight", engine.untried_in_flight},
          {"lanes_at_rate", engine.lanes_at_rate},
          {"unsettled", engine.unsettled},
          {"admissions_queued", engine.admissions_queued},
          {"suspects", engine.suspects},
          {"page_bytes", engine.page_bytes},
          {"batches", engine.batches},
          {"attempts_settled", engine.attempts_settled},
          {"not_sent", engine.not_sent}};
}

}  // namespace

const char* name_of(DiskBand band) {
  switch (band) {
    case DiskBand::kPlenty: return "plenty";
    case DiskBand::kLow: return "low";
    case DiskBand::kCritical: return "critical";
  }
  return "unknown";
}

ApiResponse respond_with_stats(const ProcessFacts& process, const OutboxCounts& counts, const EngineStats& engine,
                               const InboxStatus& inbox) {
  return respond(200, {{"version", process.version},
                       {"uptime_s", (engine.now - process.started_at).count() / 1'000},
                       {"pid", process.pid},
                       {"counts", counts_json(counts)},
                       {"admitted", counts.admitted},
                       {"attempts", counts.attempts},
                       {"possibly_sent", counts.possibly_sent},
                       {"silent_resends", counts.silent_resends},
                       {"engine", engine_json(engine)},
                       {"inbox", to_json(inbox)}});
}

ApiResponse respond_with_providers(const ProfileCatalogue& catalogue) {
  Json providers = Json::array();
  for (const Profile* profile : catalogue.all_current()) {
    providers.push_back({{"id", profile->id}, {"title", profile->title}, {"revision_hash", to_hex(profile->hash)}});
  }
  return respond(200, {{"providers", std::move(providers)}});
}

ApiResponse respond_with_health() {
  return respond(200, {{"status", "ok"}});
}

ApiResponse respond_with_readiness(const EngineStats& engine) {
  Json reasons = Json::array();
  if (engine.recovering) reasons.push_back("still recording what was in flight when ackd last ended; wait");
  if (engine.draining) reasons.push_back("draining: this process is about to end");
  if (engine.storage_trouble) reasons.push_back("the outbox cannot be written; see the log and the disk");
  if (engine.disk != DiskBand::kPlenty) reasons.push_back("the disk is nearly full; make space");
  if (engine.memory_short) reasons.push_back(describe(engine.memory) + "; nothing is accepted until less is used");
  if (engine.clock_held) {
    reasons.push_back(
        "the clock was earlier than the newest record at start; put the time right, then POST "
        "/v1/clock/confirm");
  }
  if (reasons.empty()) return respond(200, {{"status", "ready"}});
  return respond(503, {{"status", "not_ready"}, {"reasons", std::move(reasons)}});
}

}  // namespace ackd
