// Pending rows, and the order in which an engine whose lanes take turns would settle them.
//
//   ordered   the fresh path: rows fall due in id order and settle nearly in id order; no row has an attempt yet.
//   random    the backlog: due times are spread over a day, so ids settle scattered; every row has one attempt already.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <utility>
#include <vector>

namespace ackd::bench {

inline constexpr std::int64_t kBaseMs = 1'700'000'000'000;

struct Pending {
  std::int64_t id, lane, due, retry_class, n, newest;
};

class Workload {
 public:
  Workload(std::int64_t rows, std::int64_t lanes, bool random_due);

  const std::vector<Pending>& rows() const { return rows_; }
  // Positions in rows(), sorted.
  const std::vector<std::size_t>& by_id() const { return by_id_; }
  const std::vector<std::size_t>& by_queue_key() const { return by_key_; }
  bool has_backlog() const { return rows_.front().n > 0; }

  // The next row to settle: one that was given to retry() long enough ago, or else a fresh one. At most rows() of
  // these.
  Pending next();
  void retry(const Pending& row);
  bool finishes(const Pending& row);
  std::int64_t next_seq() { return next_seq_++; }

  static std::int64_t retry_delay_ms(std::int64_t n);

 private:
  std::int64_t draw(std::int64_t below);
  void sort_rows();
  void take_turns();

  std::mt19937_64 random_{1};
  std::vector<Pending> rows_;
  std::vector<std::size_t> by_id_, by_key_, turns_;
  std::deque<std::pair<std::int64_t, Pending>> retries_;
  std::size_t position_ = 0;
  std::int64_t settled_ = 0;
  std::int64_t next_seq_ = 1;
};

}  // namespace ackd::bench
