#include "api/merchant_writes.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"
#include "text/json_reader.h"

namespace ackd {
namespace {

// Each waits for the commits of those before it, a few milliseconds each.
constexpr std::size_t kQueuedMax = 1'000;

ApiResponse no_such_merchant(const MerchantName& name) {
  return respond(Problem{404,
                         "not_found",
                         fmt::format("provider '{}' has no merchant '{}'; GET /v1/merchants lists them",
                                     shortened(name.provider), shortened(name.id)),
                         {}});
}

ApiResponse stale(const MerchantName& name, std::uint32_t version) {
  const Problem problem{409, "conflict",
                        version == 0 ? fmt::format("merchant {}/{} is not there", name.provider, name.id)
                                     : fmt::format("merchant {}/{} has version {} now; look at it and decide anew",
                                                   name.provider, name.id, version),
                        "version"};
  nlohmann::ordered_json body = to_json(problem);
  body["version"] = version;
  ApiResponse response = respond(409, body);
  response.headers = respond(problem).headers;
  return response;
}

ApiResponse respond_with_counts(const ImportCounts& counts) {
  return respond(200, {{"added", counts.added}, {"changed", counts.changed}, {"unchanged", counts.unchanged}});
}

}  // namespace

std::optional<ApiResponse> MerchantWrites::start(Ticket ticket, MerchantRequest request) {
  // Pausing and removing take nothing more in, and are wanted most when something is wrong.
  const bool takes_in =
      !std::holds_alternative<PauseMerchant>(request) && !std::holds_alternative<RemoveMerchant>(request);
  if (const Status accepts = parts_.engine.accepts(1, 0); takes_in && !accepts) {
    return ackd::respond(problem_of(accepts.error()));
  }
  if (queued_.size() >= kQueuedMax) {
    return ackd::respond(problem_of({ErrorCode::kOverloaded,
                                     fmt::format("{} changes of merchants wait; come back in a second, or import them "
                                                 "in bulk",
                                                 queued_.size()),
                                     {}}));
  }
  if (under_way_ || !queued_.empty()) {
    queued_.push_back({ticket, std::move(request)});
    return std::nullopt;
  }
  return std::visit([&](auto& asked) { return begin(ticket, asked); }, request);
}

std::vector<MerchantWrites::Finished> MerchantWrites::go_on() {
  has_begun_ = false;
  imports_.expire(parts_.engine.now());
  std::vector<Finished> finished;
  while (!under_way_ && !queued_.empty()) {
    Queued next = std::move(queued_.front());
    queued_.pop_front();
    std::optional<ApiResponse> response =
        std::visit([&](auto& asked) { return begin(next.ticket, asked); }, next.request);
    if (response) finished.push_back({next.ticket, *std::move(response)});
  }
  return finished;
}

std::optional<ApiResponse> MerchantWrites::hand_over(Ticket ticket, MerchantWrite write, UnderWay under_way) {
  under_way_ = std::move(under_way);
  has_begun_ = true;
  parts_.engine.change_merchant(ticket, std::move(write));
  return std::nullopt;
}

std::optional<Problem> MerchantWrites::refuse_configured(const MerchantName& name) const {
  const Merchant* present = parts_.merchants.find(name.provider, name.id);
  if (present == nullptr || present->source == MerchantSource::kRecord) return std::nullopt;
  return Problem{409,
                 "conflict",
                 fmt::format("merchant {}/{} stands in {} under merchants:; change it there and restart ackd, or take "
                             "it out there and add it here",
                             name.provider, name.id, parts_.config_file),
                 {}};
}

std::optional<ApiResponse> MerchantWrites::begin(Ticket ticket, MerchantDraft& draft) {
  const MerchantName name = draft.name;
  if (const auto refusal = refuse_configured(name)) return ackd::respond(*refusal);
  // Before the keys that are to be kept are looked for, which a merchant of another version may not have.
  const Merchant* present = parts_.merchants.find(name.provider, name.id);
  const std::uint32_t there = present == nullptr ? 0 : present->version;
  const std::optional<std::uint32_t> expected = draft.version;
  if (expected && *expected != there) return stale(name, there);
  Result<Merchant> merchant = merchant_of(std::move(draft), there_);
  if (!merchant) return respond_to_merchant_error(merchant.error());
  std::vector<SealedKey> keys = seal_keys(parts_.keys.ring(), {name.provider, name.id}, merchant->keys, parts_.rng);
  return hand_over(ticket, MerchantPut{*std::move(merchant), std::move(keys), expected}, name);
}

std::optional<ApiResponse> MerchantWrites::begin(Ticket ticket, RemoveMerchant& removal) {
  if (const auto refusal = refuse_configured(removal.name)) return ackd::respond(*refusal);
  return hand_over(ticket, MerchantRemoval{removal.name, removal.version}, Removed{removal.name});
}

std::optional<ApiResponse> MerchantWrites::begin(Ticket ticket, PauseMerchant& pause) {
  if (parts_.merchants.find(pause.name.provider, pause.name.id) == nullptr) return no_such_merchant(pause.name);
  std::optional<Duration> how_long = pause.how_long;
  if (pause.until) how_long = *pause.until - parts_.engine.wall();
  if (how_long && how_long->count() <= 0) {
    return respond_to_merchant_error(invalid("is over already; name a time to come", pause.until ? "until" : "for"));
  }
  MerchantPausing pausing{pause.name, pause.paused, std::move(pause.reason)};
  if (how_long) pausing.until = parts_.engine.now() + *how_long;
  return hand_over(ticket, std::move(pausing), pause.name);
}

std::optional<ApiResponse> MerchantWrites::begin(Ticket ticket, PutSharedKeys& put) {
  if (parts_.catalogue.current(put.provider) == nullptr) {
    return respond_with_shared_keys(put.provider, parts_.catalogue, parts_.merchants);
  }
  Result<std::vector<MerchantKey>> keys = keys_of(std::move(put.keys), parts_.merchants.shared_keys(put.provider));
  if (!keys) return respond_to_merchant_error(keys.error());
  std::vector<SealedKey> sealed = seal_keys(parts_.keys.ring(), {put.provider, std::nullopt}, *keys, parts_.rng);
  Shared shared{put.provider};
  return hand_over(ticket, SharedKeysPut{std::move(put.provider), *std::move(keys), std::move(sealed)},
                   std::move(shared));
}

std::optional<ApiResponse> MerchantWrites::begin(Ticket ticket, CommitImport& commit) {
  Result<MerchantImports::Ready> ready = imports_.take(commit.id, parts_.engine.now());
  if (!ready) return respond_to_merchant_error(ready.error());
  if (ready->put.merchants.empty()) return respond_with_counts(ready->counts);
  return hand_over(ticket, std::move(ready->put), ready->counts);
}

// Nothing is under way, so nothing is about to be written that is sealed under the key before.
std::optional<ApiResponse> MerchantWrites::begin(Ticket, RotateKeys&) {
  if (parts_.engine.resealing()) {
    return ackd::respond(Problem{
        409,
        "conflict",
        fmt::format("a rotation is under way, with {} keys left; wait for its end", parts_.engine.reseals_left()),
        {}});
  }
  if (parts_.keys.source() == MasterKeys::Source::kFile) {
    if (const Status rotated = parts_.keys.rotate(parts_.rng); !rotated)
      return respond_to_merchant_error(rotated.error());
  }
  has_begun_ = true;
  parts_.engine.reseal(parts_.keys.ring(), parts_.merchants.sealed_keys());
  return respond_with_keys(202, parts_.keys, parts_.engine, parts_.merchants);
}

ApiResponse MerchantWrites::respond(const ItemAnswer& answer) {
  CHECK_THAT(under_way_, "the engine answered a change that nobody asked for");
  const UnderWay under_way = *std::exchange(under_way_, std::nullopt);
  if (!answer) return ackd::respond(problem_of(answer.error()));
  if (const auto* counts = std::get_if<ImportCounts>(&under_way)) return respond_with_counts(*counts);
  if (const auto* shared = std::get_if<Shared>(&under_way)) {
    return respond_with_shared_keys(shared->provider, parts_.catalogue, parts_.merchants);
  }
  const auto* removed = std::get_if<Removed>(&under_way);
  const MerchantName& name = removed == nullptr ? std::get<MerchantName>(under_way) : removed->name;
  if (answer->applied == Applied::kStale) return stale(name, answer->version);
  if (answer->applied == Applied::kNotFound) return no_such_merchant(name);
  if (removed != nullptr) return ackd::respond(200, {{"removed", true}});
  ApiResponse response = parts_.shown.show(name);
  if (answer->version == 1) response.status = 201;
  return response;
}

}  // namespace ackd
