// The stage of jobs: an operator's verb for everything that a filter names, a slice a batch.
//
//   read_on: the reader names the next matches below the cursor -> next_slice: some of them are handed over
//     -> the batch changes them and moves the cursor -> on_slice: the next job's turn
//
// What has been read and not changed yet is a cache: after a failed batch it is taken again, after a restart it is read
// again from the cursor. A slice never waits inside the engine: one that would have to ends before what it waits for.
#pragma once

#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/core.h"
#include "engine/recovery.h"

namespace ackd {

class BulkChanges {
 public:
  // `running`: the jobs on record that have not ended; they go on.
  BulkChanges(Core& core, const Recovery& recovery, std::vector<Job> running);

  // --- Wishes of operators. ---

  // As many may run at once; they take turns.
  static constexpr std::size_t kRunningMax = 8;
  Status accepts() const;
  void start(Ticket ticket, Job job);
  void stop(Ticket ticket, JobId job);

  // --- The reader. ---

  // Takes in what it has found and asks it for what is missing.
  void read_on();
  // When to ask again after a question that failed.
  std::optional<EngineTime> next_wake() const;

  // --- For the next batch, and what came of it. ---

  std::optional<JobSlice> next_slice();
  // Whether there is a job that goes on.
  bool waits() const { return !running_.empty(); }
  void on_slice(const JobSlice& slice, const std::vector<OperationResult>& results);
  void on_wish(const PendingJobWish& pending, const OperationResult& result);
  void on_wish_failed(const PendingJobWish& pending, const Error& refusal);

 private:
  struct Running {
    Job job;                       // as it is on record
    std::optional<Matches> found;  // below the cursor; nothing: not read yet
    std::size_t next = 0;          // the first of them that is not on record as dealt with
    std::size_t looked_at = 0;     // of them, that are on record
    bool asked = false;            // the reader is looking
    bool stopping = false;         // an operator wants it to end
    EngineTime ask_at = EngineTime::min();
  };

  Running* find(JobId id);
  void ask(Running& running);
  std::optional<JobSlice> slice_of(Running& running);
  // Up to `rows_max` changes, ended before the first one that must wait. Returns how many matches they deal with.
  std::size_t take_changes(const Running& running, std::size_t rows_max, std::vector<OperatorChange>& changes);
  void end(JobId id);

  Core& core_;
  const Recovery& recovery_;
  std::deque<Running> running_;  // the first one's turn is next
  std::size_t starting_ = 0;     // wait for their commit
  std::unordered_map<Ticket, JobId> asked_;
  Ticket newest_ticket_ = 0;
};

}  // namespace ackd
