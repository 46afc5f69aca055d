#include "sim/scripted_world.h"

#include <algorithm>

#include "policy/judge.h"
#include "text/url.h"

namespace ackd::sim {
namespace {

template <class Jobs>
std::optional<BootTime> first_of(const Jobs& jobs) {
  if (jobs.empty()) return std::nullopt;
  return jobs.begin()->first;
}

}  // namespace

std::uint64_t SeededRng::next() {
  // splitmix64: small, well mixed, and the same everywhere.
  state_ += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

void World::crash_point() {
  if (faults && crash_per_100k > 0 && rng.below(100'000) < crash_per_100k) throw Crash{};
}

void World::begin_outage() {
  static constexpr TransferEnd kEnds[] = {TransferEnd::kConnectRefused,  TransferEnd::kConnectTimeout,
                                          TransferEnd::kHostUnreachable, TransferEnd::kNameNotFound,
                                          TransferEnd::kNoRoute,         TransferEnd::kResolverFailed};
  outage.emplace();
  outage->until = boot + rng.between(5'000, rng.chance(50) ? 300'000 : 20'000'000);
  outage->end = kEnds[rng.below(std::size(kEnds))];
  if (rng.chance(30)) outage->spared = "http://" + hosts.begin()->second;
  if (outage->spared.empty()) witness.outages().on_cut(boot);
}

void World::end_outage() {
  outage.reset();
  witness.outages().on_cut(std::nullopt);
}

WorldInFlight::WorldInFlight(World& world) : world_(world) {
  for (const auto& [id, entry] : world_.in_flight_file) survivors_.push_back(entry);
}

void WorldInFlight::enter(const InFlightEntry& entry) {
  const bool fresh = world_.in_flight_file.emplace(entry.id, entry).second;
  if (!fresh) world_.witness.fail("entered the in-flight file twice: " + to_string(entry.id));
  world_.witness.on_enter(entry, world_.boot);
  world_.crash_point();
}

void WorldInFlight::leave(NotificationId id) {
  world_.crash_point();
  world_.in_flight_file.erase(id);
  world_.witness.on_leave(id);
}

void WorldSigner::start(SignStart start) {
  world_.crash_point();
  const BootTime at = world_.boot + (takes_max_.count() == 0 ? Duration(0) : world_.rng.between(0, takes_max_.count()));
  std::optional<Url> url;
  const auto merchant = world_.record.merchants.find({start.lane.provider, start.lane.merchant});
  if (merchant != world_.record.merchants.end()) url = *parse_url(merchant->second.url);
  world_.witness.on_sign(start.id, url ? url->origin() : std::string(), world_.boot);
  jobs_.emplace(at, Job{std::move(start), std::move(url)});
}

Signing WorldSigner::sign(const Job& job) {
  const SignStart& start = job.start;
  if (!job.url) return {start.ticket, Error{ErrorCode::kNotFound, "the merchant is unknown", {}}};
  if (world_.faults && world_.rng.below(400) == 0) return {start.ticket, invalid("the merchant's key is missing")};
  SignedRequest signed_request;
  signed_request.request.method = "POST";
  signed_request.request.url = *job.url;
  signed_request.request.headers = {{"id", to_string(start.id)},
                                    {"provider", start.lane.provider},
                                    {"merchant", start.lane.merchant},
                                    {"origin", start.lane.origin}};
  signed_request.request.body = start.content;
  return {start.ticket, std::move(signed_request)};
}

std::optional<MerchantName> WorldSigner::busy_with() const {
  if (jobs_.empty()) return std::nullopt;
  const LaneKey& lane = jobs_.begin()->second.start.lane;
  return MerchantName{lane.provider, lane.merchant};
}

std::vector<Signing> WorldSigner::take_finished() {
  std::vector<Signing> out;
  while (!jobs_.empty() && jobs_.begin()->first <= world_.boot) {
    const Job job = std::move(jobs_.begin()->second);
    jobs_.erase(jobs_.begin());
    out.push_back(sign(job));
  }
  return out;
}

std::optional<BootTime> WorldSigner::next_ready() const {
  return first_of(jobs_);
}

Transfer WorldTransport::misfortune(const TransferStart& start) {
  // Every end that a network can give, ours among them.
  static constexpr TransferEnd kEnds[] = {TransferEnd::kConnectRefused, TransferEnd::kConnectTimeout,
                                          TransferEnd::kNameNotFound,   TransferEnd::kTlsFailed,
                                          TransferEnd::kBroken,         TransferEnd::kBadHttp,
                                          TransferEnd::kNoRoute,        TransferEnd::kOutOfResources,
                                          TransferEnd::kResolverFailed, TransferEnd::kEgressRefused};
  Transfer transfer;
  transfer.ticket = start.ticket;
  transfer.end = kEnds[world_.rng.below(std::size(kEnds))];
  transfer.took = world_.rng.between(0, 3'000);
  return transfer;
}

Transfer WorldTransport::cut_short(const TransferStart& start) {
  Transfer transfer;
  transfer.ticket = start.ticket;
  transfer.end = world_.outage->end;
  transfer.status = world_.outage->status;
  transfer.headers_complete = transfer.end == TransferEnd::kComplete;
  transfer.took = world_.rng.between(0, 50);
  if (transfer.end == TransferEnd::kConnectTimeout) transfer.took = start.connect_timeout;
  if (transfer.end == TransferEnd::kTimeout) transfer.took = start.total_timeout;
  return transfer;
}

Transfer WorldTransport::answer(const std::string& provider, Temper temper, const TransferStart& start) {
  Transfer transfer;
  transfer.ticket = start.ticket;
  transfer.end = TransferEnd::kComplete;
  transfer.status = 200;
  transfer.headers_complete = true;
  transfer.body = world_.acknowledgements.at(provider);
  transfer.took = world_.rng.between(0, 80);
  const unsigned fails_percent = temper == Temper::kFlapping ? 60 : 5;
  if (temper == Temper::kSlow) transfer.took = world_.rng.between(500, start.total_timeout.count() - 1);
  if (temper == Temper::kLying || (world_.faults && world_.rng.chance(fails_percent))) {
    transfer.body = world_.rng.chance(50) ? "fail" : "not" + transfer.body;
    if (world_.rng.chance(30)) transfer.status = 500;
  }
  if (temper == Temper::kSilent) {
    transfer.end = TransferEnd::kTimeout;
    transfer.status = 0;
    transfer.body.clear();
    transfer.took = start.total_timeout;
  }
  if (temper == Temper::kRefusing) transfer.end = TransferEnd::kConnectRefused;
  return transfer;
}

Temper WorldTransport::temper_of(const std::string& merchant) const {
  if (!world_.faults) return Temper::kPrompt;
  const Temper temper = world_.tempers.at(merchant);
  if (temper != Temper::kRecovering) return temper;
  return world_.boot < world_.recovered_from ? Temper::kRefusing : Temper::kPrompt;
}

// A name that comes too late is trouble of ours: no request has left.
void WorldTransport::wait_for_the_name(Transfer& transfer, const TransferStart& start) {
  const Duration waits = world_.rng.between(0, world_.names_take_max.count());
  if (waits < start.connect_timeout) {
    transfer.took = std::min(transfer.took + waits, start.total_timeout);
    return;
  }
  transfer = {};
  transfer.ticket = start.ticket;
  transfer.end = TransferEnd::kResolverFailed;
  transfer.took = start.connect_timeout;
}

void WorldTransport::start(TransferStart start) {
  const Fields& headers = start.request.headers;
  const NotificationId id = *parse_notification_id(*find_field(headers, "id"));
  const LaneKey lane{*find_field(headers, "provider"), *find_field(headers, "merchant"),
                     *find_field(headers, "origin")};
  world_.crash_point();
  const std::string origin = start.request.url.origin();
  const bool unlucky = world_.faults && world_.rng.chance(world_.unlucky_percent);
  Transfer transfer = world_.is_cut_off(origin) ? cut_short(start)
                      : unlucky                 ? misfortune(start)
                                                : answer(lane.provider, temper_of(lane.merchant), start);
  if (world_.names_take_max.count() > 0) wait_for_the_name(transfer, start);
  world_.trace(static_cast<std::uint64_t>(id.value) ^ static_cast<std::uint64_t>(world_.boot.ms));
  world_.witness.on_send(id, lane, origin, start.request.body, world_.boot);
  const BootTime at = world_.boot + transfer.took;
  running_.emplace(at, Running{id, origin, std::move(transfer)});
  world_.crash_point();
}

std::vector<Transfer> WorldTransport::take_finished() {
  std::vector<Transfer> out;
  while (!running_.empty() && running_.begin()->first <= world_.boot) {
    Running running = std::move(running_.begin()->second);
    running_.erase(running_.begin());
    world_.witness.on_transfer_end(running.id, running.transfer, world_.boot);
    out.push_back(std::move(running.transfer));
  }
  return out;
}

void WorldTransport::abort_all() {
  std::multimap<BootTime, Running> aborted;
  for (auto& [at, running] : running_) {
    running.transfer.end = TransferEnd::kAborted;
    aborted.emplace(world_.boot, std::move(running));
  }
  running_ = std::move(aborted);
}

void WorldTransport::cut_off() {
  for (auto& [at, running] : running_) {
    if (!world_.is_cut_off(running.origin)) continue;
    Transfer& transfer = running.transfer;
    if (contact_of(transfer) != Contact::kReached) continue;
    transfer.end = TransferEnd::kBroken;
    transfer.status = 0;
    transfer.headers_complete = false;
    transfer.body.clear();
  }
}

std::optional<BootTime> WorldTransport::next_ready() const {
  return first_of(running_);
}

}  // namespace ackd::sim
