#include "engine/merchant_changes.h"

#include <utility>

#include "base/planted_bug.h"

namespace ackd {
namespace {

// Few enough to leave a batch to what is settled and admitted, and plenty for people and scripts.
constexpr std::size_t kWritesPerBatch = 50;

Operation operation_of(const MerchantPut& put, EngineTime at) {
  return MerchantChange{
      {put.merchant.provider, put.merchant.id}, record_of(put.merchant, put.keys), put.expected_version, at};
}
Operation operation_of(const MerchantRemoval& removal, EngineTime at) {
  return MerchantChange{removal.merchant, std::nullopt, removal.expected_version, at};
}
Operation operation_of(const MerchantPausing& pausing, EngineTime at) {
  return MerchantPauseChange{{pausing.merchant, pausing.reason, pausing.until}, pausing.paused, at};
}
Operation operation_of(const SharedKeysPut& put, EngineTime at) {
  return SharedKeysChange{{put.provider, put.sealed}, at};
}

}  // namespace

MerchantRecord record_of(const Merchant& merchant, std::vector<SealedKey> keys) {
  MerchantRecord record;
  record.name = {merchant.provider, merchant.id};
  record.url = merchant.url;
  record.hosts = merchant.hosts;
  record.contact = merchant.contact;
  record.options = merchant.options;
  record.keys = std::move(keys);
  return record;
}

void MerchantChanges::write(Ticket ticket, MerchantWrite write) {
  core_.requests.open(ticket, 1);
  waiting_.push_back({std::move(write), {ticket, 0}, {}});
}

// Before what operators want now: no other change is on its way, so the pause is the one on record. Nobody waits for an
// answer, and what fails is due again.
void MerchantChanges::end_pauses() {
  if (PLANTED(kPauseForEver)) return;
  for (MerchantName& merchant : core_.parts.merchants.pauses_ended_by(core_.clock.now(), kWritesPerBatch)) {
    waiting_.push_front({MerchantPausing{std::move(merchant), false, kPauseOver}, {}, {}});
  }
}

// An import is the last of its batch, so that results and waiting answers stay in step: it has no result of its own.
void MerchantChanges::take_into(Batch& batch) {
  const EngineTime now = core_.clock.now();
  end_pauses();
  while (!waiting_.empty() && batched_.size() < kWritesPerBatch && !batch.merchants) {
    batched_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    Pending& pending = batched_.back();
    pending.at = now;
    if (auto* import = std::get_if<MerchantsPut>(&pending.write)) {
      import->import.at = now;
      batch.merchants = std::move(import->import);
      continue;
    }
    std::visit(
        [&](const auto& write) {
          if constexpr (requires { operation_of(write, now); }) batch.operations.push_back(operation_of(write, now));
        },
        pending.write);
    if (PLANTED(kMerchantBeforeCommit)) {
      if (const auto* put = std::get_if<MerchantPut>(&pending.write)) core_.parts.merchants.put(put->merchant);
    }
  }
}

void MerchantChanges::on_committed(std::span<const OperationResult> results) {
  std::vector<Pending> batched = std::exchange(batched_, {});
  for (Pending& pending : batched) {
    OperationResult result;
    if (!std::holds_alternative<MerchantsPut>(pending.write)) {
      CHECK_THAT(!results.empty(), "fewer results than changes of merchants");
      result = results.front();
      results = results.subspan(1);
    }
    apply(pending, result);
  }
}

void MerchantChanges::on_failed(const Error& refusal) {
  for (const Pending& pending : std::exchange(batched_, {})) core_.requests.decide(pending.place, refusal);
  for (const Pending& pending : std::exchange(waiting_, {})) core_.requests.decide(pending.place, refusal);
}

void MerchantChanges::apply(Pending& pending, const OperationResult& result) {
  if (result.applied == Applied::kApplied) {
    std::visit([&](auto& write) { in_force(write, result, pending.at); }, pending.write);
  }
  core_.requests.decide(pending.place, result);
}

void MerchantChanges::in_force(MerchantPut& put, const OperationResult& result, EngineTime at) {
  const MerchantName name{put.merchant.provider, put.merchant.id};
  put.merchant.source = MerchantSource::kRecord;
  put.merchant.version = result.version;
  put.merchant.changed_at = at;
  core_.parts.merchants.put(std::move(put.merchant));
  core_.parts.events.on(MerchantChanged{name, result.version == 1 ? "added" : "changed"});
  look_anew(name);
}

void MerchantChanges::in_force(MerchantRemoval& removal, const OperationResult&, EngineTime) {
  core_.parts.merchants.remove(removal.merchant.provider, removal.merchant.id);
  core_.parts.merchants.resume(removal.merchant);
  core_.parts.events.on(MerchantChanged{removal.merchant, "removed"});
  look_anew(removal.merchant);
}

void MerchantChanges::in_force(MerchantPausing& pausing, const OperationResult&, EngineTime) {
  if (pausing.paused) {
    core_.parts.merchants.pause(pausing.merchant, {pausing.reason, pausing.until});
  } else {
    core_.parts.merchants.resume(pausing.merchant);
  }
  core_.parts.events.on(MerchantChanged{pausing.merchant, pausing.paused ? "paused" : "resumed"});
  look_anew(pausing.merchant);
}

void MerchantChanges::in_force(SharedKeysPut& put, const OperationResult&, EngineTime) {
  core_.parts.merchants.share(put.provider, std::move(put.keys));
  core_.parts.events.on(SharedKeysChanged{put.provider});
}

// The record counted the versions up as this does: nobody else writes it.
void MerchantChanges::in_force(MerchantsPut& put, const OperationResult&, EngineTime at) {
  for (Merchant& merchant : put.merchants) {
    const MerchantName name{merchant.provider, merchant.id};
    const Merchant* known = core_.parts.merchants.find(name.provider, name.id);
    merchant.source = MerchantSource::kRecord;
    merchant.version = (known == nullptr ? 0 : known->version) + 1;
    merchant.changed_at = at;
    core_.parts.merchants.put(std::move(merchant));
    look_anew(name);
  }
  core_.parts.events.on(MerchantsImported{put.merchants.size()});
}

void MerchantChanges::look_anew(const MerchantName& merchant) {
  if (!PLANTED(kLanesKeepMerchant)) core_.lanes.merchant_changed(merchant.provider, merchant.id, core_.clock.now());
  activating_.on_merchant_changed(merchant);
}

}  // namespace ackd
