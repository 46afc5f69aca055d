#include "storage_workload.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <numeric>
#include <tuple>

namespace ackd::bench {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kAdmittedPerMs = 8;
constexpr std::ptrdiff_t kInFlight = 256;             // Transfers end out of order within about this many.
constexpr std::int64_t kSettlesBeforeRetry = 40'000;  // A retried row settles again after this many others.
constexpr std::int64_t kFinishPercent = 70;
constexpr std::array<std::int64_t, 5> kRetryDelaysMs = {120'000, 600'000, 1'800'000, 3'600'000, 7'200'000};

}  // namespace

Workload::Workload(std::int64_t rows, std::int64_t lanes, bool random_due) {
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::int64_t at = kBaseMs + i / kAdmittedPerMs;
    const std::int64_t due = random_due ? kBaseMs + draw(kDayMs) : at;
    // Time-ordered ids of 61 bits, so that their varints have the real length; the low eight bits stay zero.
    const std::int64_t id = (at << 20) | (i % kAdmittedPerMs << 8);
    rows_.push_back({id, draw(lanes), due, random_due, random_due, random_due ? next_seq_++ : 0});
  }
  sort_rows();
  take_turns();
}

Pending Workload::next() {
  ++settled_;
  if (retries_.empty() || retries_.front().first > settled_) return rows_[turns_.at(position_++)];
  const Pending row = retries_.front().second;
  retries_.pop_front();
  return row;
}

void Workload::retry(const Pending& row) {
  retries_.emplace_back(settled_ + kSettlesBeforeRetry, row);
}

bool Workload::finishes(const Pending& row) {
  return row.n >= std::ssize(kRetryDelaysMs) || draw(100) < kFinishPercent;
}

std::int64_t Workload::retry_delay_ms(std::int64_t n) {
  return kRetryDelaysMs.at(static_cast<std::size_t>(n));
}

std::int64_t Workload::draw(std::int64_t below) {
  return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(below));
}

void Workload::sort_rows() {
  by_id_.resize(rows_.size());
  std::iota(by_id_.begin(), by_id_.end(), std::size_t{0});
  by_key_ = by_id_;
  std::ranges::sort(by_key_, {}, [&](std::size_t i) { return std::tuple(rows_[i].lane, rows_[i].due, rows_[i].id); });
}

// Every lane settles its earliest row, then every lane its second, and so on; then neighbours swap places.
void Workload::take_turns() {
  std::map<std::int64_t, std::int64_t> turn_of_lane;
  std::vector<std::pair<std::int64_t, std::size_t>> turns;
  for (const std::size_t i : by_key_) turns.emplace_back(turn_of_lane[rows_[i].lane]++, i);
  std::ranges::stable_sort(turns, {}, &std::pair<std::int64_t, std::size_t>::first);
  for (const auto& turn : turns) turns_.push_back(turn.second);
  for (auto first = turns_.begin(); turns_.end() - first >= kInFlight; first += kInFlight) {
    std::shuffle(first, first + kInFlight, random_);
  }
}

}  // namespace ackd::bench
