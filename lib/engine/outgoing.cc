#include "engine/outgoing.h"

#include <algorithm>
#include <type_traits>

#include "base/check.h"

namespace ackd {
namespace {

// While admissions wait, settlements take at most three quarters of a batch, and changes at most an eighth.
constexpr std::size_t kSettlementsBesideAdmissions = kBatchOperationsMax * 3 / 4;
constexpr std::size_t kChangesMax = kBatchOperationsMax / 8;
constexpr std::size_t kJobWishesMax = 8;
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
// A filter's texts have their own limits, and few of these come at once.
std::size_t bytes_of(const PendingJobWish&) {
  return kRowBytes;
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

void Shipment::give_to(std::vector<Operation>& operations) {
  operations.reserve(operations.size() + size());
  for (PendingSettlement& pending : settlements) operations.emplace_back(std::move(pending.settlement));
  for (PendingChange& pending : changes) operations.emplace_back(std::move(pending.change));
  for (PendingJobWish& pending : job_wishes) {
    std::visit([&](auto& wish) { operations.emplace_back(std::move(wish)); }, pending.wish);
  }
  for (PendingAdmission& pending : admissions) operations.emplace_back(std::move(pending.admission));
}

void Shipment::take_back(std::span<Operation> operations) {
  CHECK_THAT(operations.size() == size(), "the outbox gave another number of operations back");
  auto next = operations.begin();
  const auto take = [&](auto& kept) { kept = std::get<std::remove_reference_t<decltype(kept)>>(std::move(*next++)); };
  for (PendingSettlement& pending : settlements) take(pending.settlement);
  for (PendingChange& pending : changes) take(pending.change);
  for (PendingJobWish& pending : job_wishes) std::visit(take, pending.wish);
  for (PendingAdmission& pending : admissions) take(pending.admission);
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
      admissions_.empty() ? kBatchOperationsMax - kChangesMax - kJobWishesMax : kSettlementsBesideAdmissions;
  move_some(settlements_, shipment.settlements, std::min(settlements_max, operations_max), bytes_left);
  const auto left = [&](std::size_t most) { return std::min(most, operations_max - shipment.size()); };
  move_some(changes_, shipment.changes, left(kChangesMax), bytes_left);
  move_some(job_wishes_, shipment.job_wishes, left(kJobWishesMax), bytes_left);
  move_some(admissions_, shipment.admissions, left(operations_max), bytes_left);
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

std::vector<PendingJobWish> Outgoing::take_job_wishes() {
  std::vector<PendingJobWish> out(std::make_move_iterator(job_wishes_.begin()),
                                  std::make_move_iterator(job_wishes_.end()));
  job_wishes_.clear();
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
