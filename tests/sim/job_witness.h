// Checks what jobs commit: every change in its place below the cursor, nothing twice, nothing passed over, counts that
// add up, and an end.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/model_outbox.h"

namespace ackd::sim {

class JobWitness {
 public:
  using Fail = std::function<void(const std::string&)>;

  JobWitness(const ModelRecord& record, Fail fail) : record_(record), fail_(std::move(fail)) {}

  void on_start(const Job& job);
  // Before the cursor moves, after the changes were made.
  void on_slice(const Job& before, const JobSlice& slice, const std::vector<OperationResult>& results);
  void at_end() const;

  std::size_t ended() const { return ended_; }
  std::size_t changes() const { return changes_; }

 private:
  struct Book {
    NotificationId below;                         // when it was asked for
    std::map<NotificationId, unsigned> versions;  // of what it could change then
    std::set<NotificationId> reached;
    std::uint64_t applied = 0;
    std::uint64_t matched = 0;
  };
  void check_change(const Job& job, const JobSlice& slice, const OperatorChange& change, Book& book);
  void check_complete(const Job& job, const Book& book);

  const ModelRecord& record_;
  Fail fail_;
  std::map<JobId, Book> books_;
  std::size_t ended_ = 0;
  std::size_t changes_ = 0;
};

}  // namespace ackd::sim
