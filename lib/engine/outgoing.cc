#include "engine/outgoing.h"

#include <algorithm>

namespace ackd {
namespace {

// While admissions wait, settlements take at most three quarters of a batch, and changes at most an eighth.
constexpr std::size_t kSettlementsBesideAdmissions = kBatchOperationsMax * 3 / 4;
constexpr std::size_t kChangesMax = kBatchOperationsMax / 8;
// A row's fixed columns and index entries, roughly.
constexpr std::size_t kRowBytes = 200;

std::size_t bytes_of(const PendingSettlement& pending) {
  std::size_t bytes = kRowBytes + pending.settlement.reason.size();
  if (pending.settlement.attempt) {
    bytes += pending.settlement.attempt->excerpt.size() + pending.settlement.attempt->reason.size();
  }
  return bytes;
}

std::size_t bytes_of(const PendingChange& pending) {
  return kRowBytes + pending.change.reason.size();
}
std::size_t bytes_of(const PendingAdmission& pending) {
  return pending.bytes;
}

// Moves items from the front of `from` while the batch has room; at least one if the batch is empty so far.
template <class Item>
void move_some(std::deque<Item>& from, std::vector<Item>& to, std::size_t items_max, std::size_t& bytes_left) {
  while (!from.empty() && to.size() < items_max) {
    const std::size_t bytes = bytes_of(from.front());
    if (bytes > bytes_left) return;
    bytes_left -= bytes;
    to.push_back(std::move(from.front()));
    from.pop_front();
  }
}

}  // namespace

std::size_t bytes_of(const Admission& admission) {
  const Notification& n = admission.notification;
  return kRowBytes + n.content.size() + n.url.size() + n.tags.size() + n.key.size() + n.subject.size();
}

std::vector<Operation> Shipment::operations() const {
  std::vector<Operation> out;
  out.reserve(settlements.size() + changes.size() + admissions.size());
  for (const PendingSettlement& pending : settlements) out.emplace_back(pending.settlement);
  for (const PendingChange& pending : changes) out.emplace_back(pending.change);
  for (const PendingAdmission& pending : admissions) out.emplace_back(pending.admission);
  return out;
}

void Outgoing::add(PendingAdmission admission) {
  admission.bytes = bytes_of(admission.admission);
  admission_bytes_ += admission.bytes;
  admissions_.push_back(std::move(admission));
}

Shipment Outgoing::take_shipment(std::size_t operations_max) {
  Shipment shipment;
  std::size_t bytes_left = kBatchBytesMax;
  const std::size_t settlements_max =
      admissions_.empty() ? kBatchOperationsMax - kChangesMax : kSettlementsBesideAdmissions;
  move_some(settlements_, shipment.settlements, std::min(settlements_max, operations_max), bytes_left);
  const std::size_t left = operations_max - shipment.settlements.size();
  move_some(changes_, shipment.changes, std::min(kChangesMax, left), bytes_left);
  move_some(admissions_, shipment.admissions, left - shipment.changes.size(), bytes_left);
  for (const PendingAdmission& pending : shipment.admissions) admission_bytes_ -= pending.bytes;
  return shipment;
}

void Outgoing::return_settlements(std::vector<PendingSettlement> settlements) {
  for (auto pending = settlements.rbegin(); pending != settlements.rend(); ++pending) {
    settlements_.push_front(std::move(*pending));
  }
}

std::vector<PendingChange> Outgoing::take_changes() {
  std::vector<PendingChange> out(std::make_move_iterator(changes_.begin()), std::make_move_iterator(changes_.end()));
  changes_.clear();
  return out;
}

std::vector<PendingAdmission> Outgoing::take_admissions() {
  std::vector<PendingAdmission> out(std::make_move_iterator(admissions_.begin()),
                                    std::make_move_iterator(admissions_.end()));
  admissions_.clear();
  admission_bytes_ = 0;
  return out;
}

}  // namespace ackd
