#include "engine/bulk_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/planted_bug.h"
#include "engine/handover.h"

namespace ackd {
namespace {

// Matches that are read at once: several slices, so that the reader is not waited for before each.
constexpr std::size_t kMatchesRead = kListLimitMax;
// After the reader could not answer.
constexpr Duration kAskAgain{1'000};
// Below the smallest id: nothing is left.
constexpr NotificationId kNothingBelow{1};

bool is_applied(const OperationResult& result) {
  return result.applied == Applied::kApplied || result.applied == Applied::kIntent;
}

}  // namespace

BulkChanges::BulkChanges(Core& core, const Recovery& recovery, std::vector<Job> running)
    : core_(core), recovery_(recovery) {
  if (PLANTED(kForgetJobs)) return;
  for (Job& job : running) {
    core_.parts.events.on(JobStarted{job, true});
    running_.push_back({std::move(job), {}, 0, 0, false, false, EngineTime::min()});
  }
}

Status BulkChanges::accepts() const {
  if (core_.draining) return Error{ErrorCode::kUnavailable, "ackd is shutting down; ask again after the restart", {}};
  if (core_.parts.outbox.disk_band() != DiskBand::kPlenty) {
    return Error{ErrorCode::kStorageFull, "the disk that holds the outbox is nearly full; free space on it", {}};
  }
  if (running_.size() + starting_ < kRunningMax) return Done{};
  return Error{
      ErrorCode::kOverloaded, fmt::format("{} jobs are running; wait for one to end, or stop one", kRunningMax), {}};
}

void BulkChanges::start(Ticket ticket, Job job) {
  core_.requests.open(ticket, 1);
  job.created_at = core_.clock.now();
  // Whatever is admitted from now on has a higher id, and is none of the job's business.
  job.below = {core_.ids.newest().value + 1};
  ++starting_;
  core_.outgoing.add(PendingJobWish{JobStart{std::move(job)}, {ticket, 0}});
}

void BulkChanges::stop(Ticket ticket, JobId job) {
  core_.requests.open(ticket, 1);
  if (Running* running = find(job)) running->stopping = true;
  core_.outgoing.add(PendingJobWish{JobStop{job, core_.clock.now()}, {ticket, 0}});
}

BulkChanges::Running* BulkChanges::find(JobId id) {
  const auto found = std::find_if(running_.begin(), running_.end(), [&](const Running& r) { return r.job.id == id; });
  return found == running_.end() ? nullptr : &*found;
}

// --- The reader ---

void BulkChanges::read_on() {
  for (FinishedQuery& finished : core_.parts.queries.take_finished()) {
    const auto asked = asked_.extract(finished.ticket);
    Running* running = asked.empty() ? nullptr : find(asked.mapped());
    if (running == nullptr) continue;  // it has ended meanwhile
    running->asked = false;
    if (finished.answer) {
      running->found = std::get<Matches>(*std::move(finished.answer));
    } else {
      running->ask_at = core_.clock.now() + kAskAgain;
    }
  }
  for (Running& running : running_) ask(running);
}

void BulkChanges::ask(Running& running) {
  const bool wanted = !running.found && !running.asked && !running.stopping && !core_.draining;
  if (!wanted || running.ask_at > core_.clock.now() || !core_.parts.queries.room()) return;
  MatchesQuery query{running.job.filter, running.job.verb};
  query.filter.before = running.job.below;
  query.filter.limit = running.job.dry_run ? kListScanMax : kMatchesRead;
  running.asked = true;
  asked_.emplace(++newest_ticket_, running.job.id);
  core_.parts.queries.start(newest_ticket_, std::move(query));
}

std::optional<EngineTime> BulkChanges::next_wake() const {
  std::optional<EngineTime> wake;
  for (const Running& running : running_) {
    if (!running.found && !running.asked) wake = std::min(wake.value_or(running.ask_at), running.ask_at);
  }
  return wake;
}

// --- Slices ---

std::optional<JobSlice> BulkChanges::next_slice() {
  if (core_.draining || core_.parts.outbox.disk_band() != DiskBand::kPlenty) return std::nullopt;
  for (Running& running : running_) {
    if (!running.found || running.stopping) continue;
    if (std::optional<JobSlice> slice = slice_of(running)) return slice;
  }
  return std::nullopt;
}

std::optional<JobSlice> BulkChanges::slice_of(Running& running) {
  const Matches& found = *running.found;
  JobSlice slice;
  slice.job = running.job.id;
  slice.at = core_.clock.now();
  const std::size_t left = found.rows.size() - running.next;
  slice.matched = running.job.dry_run ? left : take_changes(running, core_.options.job_rows, slice.changes);
  if (slice.matched == left) {
    slice.looked_at = found.looked_at - running.looked_at;
    slice.below = found.next_before.value_or(kNothingBelow);
    slice.ended = !found.next_before;
  } else if (slice.matched > 0) {
    const Match& last = found.rows[running.next + slice.matched - 1];
    slice.looked_at = last.looked_at - running.looked_at;
    slice.below = last.id;
  } else {
    return std::nullopt;  // its next one is busy; the commit that it waits for leads here again
  }
  if (PLANTED(kCursorApart) && !slice.ended) slice.below = running.job.below;
  return slice;
}

std::size_t BulkChanges::take_changes(const Running& running, std::size_t rows_max,
                                      std::vector<OperatorChange>& changes) {
  const std::vector<Match>& rows = running.found->rows;
  std::size_t next = running.next;
  for (; next < rows.size() && changes.size() < rows_max; ++next) {
    OperatorChange change;
    change.verb = running.job.verb;
    change.id = rows[next].id;
    change.expected_state = running.job.filter.state;
    change.reason = running.job.reason;
    if (!PLANTED(kStartDuringSlice) && hand_over(core_, recovery_, change) == Handover::kBusy) break;
    change.replay_id = core_.ids.next(core_.clock.now());
    change.at = core_.clock.now();
    changes.push_back(std::move(change));
  }
  return next - running.next;
}

void BulkChanges::on_slice(const JobSlice& slice, const std::vector<OperationResult>& results) {
  Running* running = find(slice.job);
  CHECK_THAT(running != nullptr && running->found, "a step of a job that does not run");
  Job& job = running->job;
  const auto applied = static_cast<std::uint64_t>(std::count_if(results.begin(), results.end(), is_applied));
  job.below = slice.below;
  job.looked_at += slice.looked_at;
  job.matched += slice.matched;
  job.applied += applied;
  job.refused += results.size() - applied;
  running->next += slice.matched;
  running->looked_at += slice.looked_at;
  if (slice.ended) {
    job.state = JobState::kDone;
    job.finished_at = slice.at;
    return end(slice.job);
  }
  if (running->next == running->found->rows.size()) {
    running->found.reset();
    running->next = running->looked_at = 0;
  }
  // To the back: a job of millions does not keep one of ten waiting.
  std::stable_partition(running_.begin(), running_.end(), [&](const Running& r) { return r.job.id != slice.job; });
}

// --- Wishes ---

void BulkChanges::on_wish(const PendingJobWish& pending, const OperationResult& result) {
  core_.requests.decide(pending.place, result);
  if (const auto* start = std::get_if<JobStart>(&pending.wish)) {
    --starting_;
    Job job = start->job;
    job.id = result.job;
    core_.parts.events.on(JobStarted{job, false});
    running_.push_back({std::move(job), {}, 0, 0, false, false, EngineTime::min()});
    return;
  }
  const JobStop& stop = std::get<JobStop>(pending.wish);
  Running* running = find(stop.job);
  if (running == nullptr) return;
  CHECK_THAT(result.applied == Applied::kApplied, "a job that runs could not be stopped");
  running->job.state = JobState::kStopped;
  running->job.finished_at = stop.at;
  end(stop.job);
}

void BulkChanges::on_wish_failed(const PendingJobWish& pending, const Error& refusal) {
  core_.requests.decide(pending.place, refusal);
  if (std::holds_alternative<JobStart>(pending.wish)) {
    --starting_;
  } else if (Running* running = find(std::get<JobStop>(pending.wish).job)) {
    running->stopping = false;
  }
}

void BulkChanges::end(JobId id) {
  core_.parts.events.on(JobEnded{find(id)->job});
  std::erase_if(running_, [&](const Running& running) { return running.job.id == id; });
}

}  // namespace ackd
