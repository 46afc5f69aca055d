#include "engine/resealing.h"

#include <algorithm>
#include <utility>

namespace ackd {
namespace {

// A fifth of a batch: a rotation of a hundred thousand keys takes a few hundred batches, and delivery hardly notices.
constexpr std::size_t kKeysPerBatch = 200;

}  // namespace

void Resealing::start(const KeyRing& keys, std::size_t left) {
  keys_ = &keys;
  left_ = left;
  running_ = true;
  finished_ = false;
  written_ = 0;
}

void Resealing::take_into(Batch& batch) {
  if (!running_ || core_.draining) return;
  for (KeyReseal& reseal : std::exchange(sealed_anew_, {})) batch.operations.emplace_back(std::move(reseal));
  batch.sealed = SealedKeysRead{keys_->current().id, kKeysPerBatch};
  reading_ = true;
}

void Resealing::on_committed(std::span<const OperationResult> results, std::vector<SealedKeyRow> left) {
  for (const OperationResult& result : results) written_ += result.applied == Applied::kApplied ? 1 : 0;
  left_ -= std::min(left_, results.size());
  if (!std::exchange(reading_, false)) return;
  if (!left.empty()) return seal_anew(std::move(left));
  running_ = false;
  finished_ = true;
  left_ = 0;
  core_.parts.events.on(KeysResealed{keys_->current().id, written_});
}

// What was to be written is read again.
void Resealing::on_failed() {
  reading_ = false;
}

// Every key was opened when ackd started, so one that does not open now was damaged since; the rotation stops, and the
// older master keys stay.
void Resealing::seal_anew(std::vector<SealedKeyRow> rows) {
  for (SealedKeyRow& row : rows) {
    const KeyOwner owner{row.provider, row.merchant};
    const Result<MerchantKey> key = open_key(*keys_, owner, row.key.id, row.key.sealed);
    if (!key) {
      running_ = false;
      sealed_anew_.clear();
      core_.parts.events.on(ResealingStopped{key.error().message});
      return;
    }
    SealedKey sealed{row.key.id, keys_->current().id, seal_key(*keys_, owner, *key, core_.parts.rng)};
    std::string from = std::exchange(row.key, std::move(sealed)).sealed;
    sealed_anew_.push_back({std::move(from), std::move(row)});
  }
}

}  // namespace ackd
