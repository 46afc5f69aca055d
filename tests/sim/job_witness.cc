#include "sim/job_witness.h"

#include "sim/model_queries.h"

namespace ackd::sim {
namespace {

std::string name_of_job(const Job& job) {
  return "job " + std::to_string(job.id.value) + " (" + name_of(job.verb) + ")";
}

}  // namespace

void JobWitness::on_start(const Job& job) {
  Book& book = books_[job.id];
  book.below = job.below;
  if (job.below <= record_.newest) {
    // Admissions of this very batch may have newer ids; none that was on record before may.
    for (auto row = record_.rows.lower_bound(job.below); row != record_.rows.end(); ++row) {
      if (row->second.notification.admitted_at < job.created_at) fail_(name_of_job(job) + " begins below the newest");
    }
  }
  for (const auto& [id, row] : record_.rows) {
    if (id < job.below && names(job.filter, row, record_) && may_steer(job.verb, row.state)) {
      book.versions.emplace(id, row.progress.version);
    }
  }
}

void JobWitness::check_change(const Job& job, const JobSlice& slice, const OperatorChange& change, Book& book) {
  const std::string what = name_of_job(job) + " and " + to_string(change.id) + ": ";
  if (change.verb != job.verb || change.reason != job.reason) fail_(what + "another verb or reason than was asked for");
  if (change.id >= job.below || change.id < slice.below) fail_(what + "changed beside its cursor");
  if (!book.reached.insert(change.id).second) fail_(what + "changed twice");
  ListFilter fixed = job.filter;
  fixed.state.reset();  // it may have moved on between the look and the change
  if (!names(fixed, record_.rows.at(change.id), record_)) fail_(what + "changed though the filter does not name it");
}

void JobWitness::on_slice(const Job& before, const JobSlice& slice, const std::vector<OperationResult>& results) {
  Book& book = books_.at(before.id);
  if (slice.below > before.below) fail_(name_of_job(before) + " moves its cursor back");
  if (before.dry_run && !slice.changes.empty()) fail_(name_of_job(before) + " should only count");
  if (!before.dry_run && slice.changes.size() != slice.matched)
    fail_(name_of_job(before) + " counts what it leaves out");
  for (std::size_t i = 0; i < results.size(); ++i) {
    check_change(before, slice, slice.changes[i], book);
    const bool applied = results[i].applied == Applied::kApplied || results[i].applied == Applied::kIntent;
    book.applied += applied ? 1 : 0;
    changes_ += applied ? 1 : 0;
  }
  book.matched += slice.matched;
  if (!slice.ended) return;
  ++ended_;
  check_complete(before, book);
}

// What it could have changed when it was asked for, and what nobody has touched since, it must have reached.
void JobWitness::check_complete(const Job& job, const Book& book) {
  std::uint64_t untouched = 0;
  for (const auto& [id, version] : book.versions) {
    const ModelRow& row = record_.rows.at(id);
    if (row.progress.version != version) continue;
    ++untouched;
    if (!job.dry_run && !book.reached.contains(id)) fail_(name_of_job(job) + " passed over " + to_string(id));
  }
  if (job.dry_run && book.matched < untouched) fail_(name_of_job(job) + " counted too few");
}

void JobWitness::at_end() const {
  for (const auto& [id, job] : record_.jobs) {
    const Book& book = books_.at(id);
    if (job.state == JobState::kRunning) fail_(name_of_job(job) + " never ended");
    if (job.applied != book.applied || job.matched != book.matched) fail_(name_of_job(job) + " has counted wrongly");
    if (!job.dry_run && job.applied + job.refused != job.matched) fail_(name_of_job(job) + " does not add up");
  }
}

}  // namespace ackd::sim
