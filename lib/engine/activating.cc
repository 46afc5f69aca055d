#include "engine/activating.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/planted_bug.h"
#include "crypto/digest.h"

namespace ackd {
namespace {

// A start with a hundred thousand new merchants must leave room for what the platform wants to say.
constexpr std::size_t kProbesPerBatch = 50;

}  // namespace

Activating::Activating(Core& core, const std::vector<MerchantName>& awaiting)
    : core_(core),
      intake_(core.parts.catalogue, core.parts.merchants, core.parts.activations, core.parts.rng),
      awaiting_(awaiting.begin(), awaiting.end()) {
  for (const MerchantName& merchant : awaiting) {
    if (!holds(merchant) && !PLANTED(kForgetAwaiting)) start_release(merchant);
  }
  for (const Merchant* merchant : core_.parts.merchants.all()) want_probe(*merchant);
}

void Activating::want_probe(const Merchant& merchant) {
  if (merchant.url.empty() || !core_.gate.blocks(merchant.provider, merchant.id)) return;
  unprobed_.push_back({merchant.provider, merchant.id});
}

void Activating::on_merchant_changed(const MerchantName& merchant) {
  if (const Merchant* found = core_.parts.merchants.find(merchant.provider, merchant.id)) want_probe(*found);
  if (!holds(merchant) && awaiting_.contains(merchant)) start_release(merchant);
}

void Activating::on_probe_settled(const PendingSettlement& pending, const OperationResult& result) {
  const Settlement& settlement = pending.settlement;
  const MerchantName merchant{pending.lane.provider, pending.lane.merchant};
  if (result.state == State::kExhausted) {
    core_.parts.events.on(ProbeFailed{settlement.key.id, merchant, settlement.attempt->reason});
  }
  if (result.state != State::kDelivered) return;
  core_.parts.activations.put({merchant, *settlement.probed_url, settlement.at});
  if (!core_.gate.applies_to(merchant.provider) || core_.gate.blocks(merchant.provider, merchant.id)) return;
  core_.parts.events.on(MerchantActivated{settlement.key.id, merchant, *settlement.probed_url});
  if (!holds(merchant) && awaiting_.contains(merchant)) start_release(merchant);
}

void Activating::on_awaiting(const LaneKey& lane) {
  const MerchantName merchant{lane.provider, lane.merchant};
  awaiting_.insert(merchant);
  if (!holds(merchant)) start_release(merchant);
}

void Activating::start_release(const MerchantName& merchant) {
  if (in_releasing_.insert(merchant).second) releasing_.push_back(merchant);
}

std::optional<ReleaseSlice> Activating::next_slice() {
  // One that was removed or given another URL meanwhile waits again; what is left of it is still on record as such.
  while (!releasing_.empty() && holds(releasing_.front())) {
    in_releasing_.erase(releasing_.front());
    releasing_.pop_front();
  }
  if (releasing_.empty() || core_.draining) return std::nullopt;
  return ReleaseSlice{releasing_.front(), core_.options.release_rows, core_.clock.now()};
}

void Activating::on_release(const ReleaseSlice& slice, bool complete) {
  CHECK_THAT(!releasing_.empty() && releasing_.front() == slice.merchant, "a release that nobody asked for");
  releasing_.pop_front();
  in_releasing_.erase(slice.merchant);
  if (complete) awaiting_.erase(slice.merchant);
  // To the back: one merchant's million rows do not delay another's ten.
  if (!complete && !PLANTED(kReleaseOnce)) start_release(slice.merchant);
}

// The key says which URL is probed and what it replaces, so that a restart does not probe the same change again, and a
// URL that is put back after another one was activated is probed anew.
Result<Admission> Activating::automatic_probe(const MerchantName& merchant) const {
  const Merchant* found = core_.parts.merchants.find(merchant.provider, merchant.id);
  const Activation* before = core_.parts.activations.find(merchant.provider, merchant.id);
  std::string change = found->url + "\n";
  if (before != nullptr) change += fmt::format("{}\n{}", before->url, before->at.ms);
  const Hash hash = sha256(change);
  std::string key = "url-";
  for (std::size_t i = 0; i < hash.size() / 2; ++i) key += fmt::format("{:02x}", hash[i]);
  return intake_.probe(merchant, key, {core_.clock.now(), core_.clock.wall()});
}

void Activating::queue_probes() {
  if (core_.draining || core_.storage_trouble || core_.parts.outbox.disk_band() != DiskBand::kPlenty) return;
  for (std::size_t queued = 0; queued < kProbesPerBatch && !unprobed_.empty(); ++queued) {
    const MerchantName merchant = std::move(unprobed_.front());
    unprobed_.pop_front();
    // One that is paused is asked for again when it is resumed.
    const bool paused = core_.parts.merchants.find_pause(merchant.provider, merchant.id) != nullptr;
    if (paused || !core_.gate.blocks(merchant.provider, merchant.id)) continue;
    Result<Admission> probe = automatic_probe(merchant);
    if (probe) {
      core_.outgoing.add(PendingAdmission{*std::move(probe), {}, 0});
    } else {
      core_.parts.events.on(ProbeFailed{{}, merchant, probe.error().message});
    }
  }
}

void Activating::on_probe_lost(const Notification& probe) {
  unprobed_.push_back({probe.lane.provider, probe.lane.merchant});
}

}  // namespace ackd
