#include "sim/model_outbox.h"

#include <algorithm>

#include "text/url.h"

namespace ackd::sim {
namespace {

std::string origin_of(const std::string& url) {
  const Result<Url> parsed = parse_url(url);
  return parsed ? parsed->origin() : std::string();
}

std::string index_of(const Notification& n) {
  return n.lane.provider + '\n' + n.lane.merchant + '\n' + n.key;
}

}  // namespace

MerchantName merchant_of(const ModelRow& row) {
  return {row.notification.lane.provider, row.notification.lane.merchant};
}

LaneId ModelWriter::lane_of(const LaneKey& key) {
  auto found = std::find(record_.lanes.begin(), record_.lanes.end(), key);
  if (found == record_.lanes.end()) found = record_.lanes.insert(record_.lanes.end(), key);
  return LaneId{found - record_.lanes.begin() + 1};
}

OperationResult ModelWriter::answer(const ModelRow& row, Applied applied) const {
  return {applied, row.notification.id, row.state, row.progress.version, row.lane, row.next_at};
}

OperationResult ModelWriter::admit(const Admission& admission) {
  const Notification& n = admission.notification;
  if (const auto known = record_.keys.find(index_of(n)); known != record_.keys.end()) {
    const ModelRow& first = record_.rows.at(known->second);
    const bool same = first.notification.content_hash == n.content_hash;
    return answer(first, same ? Applied::kDuplicate : Applied::kConflict);
  }
  const auto open = record_.open_probes.find({n.lane.provider, n.lane.merchant});
  if (n.probe && open != record_.open_probes.end()) return answer(record_.rows.at(open->second), Applied::kProbeOpen);
  ModelRow row;
  row.notification = n;
  row.lane = lane_of(n.lane);
  row.state = admission.held_reason.empty() ? State::kPending : State::kHeld;
  row.next_at = n.not_before;
  row.awaits_merchant = admission.awaits_merchant && row.state == State::kHeld;
  note_probe(row);
  record_.keys.emplace(index_of(n), n.id);
  record_.newest = std::max(record_.newest, n.id);
  record_.newest_record = std::max(record_.newest_record, n.admitted_at);
  if (row.state == State::kPending) {
    record_.queue.insert(row.key());
    woken_.insert(row.lane);
  }
  return answer(record_.rows.emplace(n.id, std::move(row)).first->second, Applied::kApplied);
}

// A pending probe keeps another one out; one that is held or has ended does not.
void ModelWriter::note_probe(const ModelRow& row) {
  if (!row.notification.probe) return;
  const MerchantName merchant = merchant_of(row);
  const auto open = record_.open_probes.find(merchant);
  if (row.state == State::kPending) {
    record_.open_probes.insert_or_assign(merchant, row.notification.id);
  } else if (open != record_.open_probes.end() && open->second == row.notification.id) {
    record_.open_probes.erase(open);
  }
}

bool ModelWriter::release(const ReleaseSlice& slice) {
  std::size_t released = 0;
  for (auto& [id, row] : record_.rows) {
    if (!row.awaits_merchant || merchant_of(row) != slice.merchant) continue;
    if (released == slice.rows_max) return false;
    move(row, State::kPending, row.due_class, row.next_at, slice.at);
    ++released;
  }
  return released < slice.rows_max;
}

Applied ModelWriter::move(ModelRow& row, State state, DueClass due_class, EngineTime next_at, EngineTime at) {
  if (!may_change(row.state, state)) return Applied::kForbidden;
  if (row.state == State::kPending) record_.queue.erase(row.key());
  row.state = state;
  row.due_class = due_class;
  row.next_at = next_at;
  row.cancel_asked = false;
  row.awaits_merchant = false;
  ++row.progress.version;
  note_probe(row);
  if (state == State::kPending) {
    record_.queue.insert(row.key());
    woken_.insert(row.lane);
  }
  record_.newest_record = std::max(record_.newest_record, at);
  return Applied::kApplied;
}

OperationResult ModelWriter::settle(const Settlement& settlement) {
  const auto found = record_.rows.find(settlement.key.id);
  if (found == record_.rows.end()) return {Applied::kNotFound, settlement.key.id, {}, 0, {}, {}};
  ModelRow& row = found->second;
  if (row.state != State::kPending || row.progress.version != settlement.expected_version ||
      row.key() != settlement.key) {
    return answer(row, Applied::kStale);
  }
  observer_.on_settlement(row, settlement);
  const bool cancelled = row.cancel_asked && settlement.state != State::kDelivered;
  if (settlement.attempt) {
    row.attempts.push_back(*settlement.attempt);
    row.progress.attempts = settlement.attempt->number;
  }
  row.progress.steps = settlement.steps;
  row.lonely_crashes = settlement.lonely_crashes;
  // Time and class are the settlement's with kPending only; what is held keeps its own.
  const bool held = settlement.state == State::kHeld;
  const EngineTime next_at = held ? row.next_at : settlement.next_at;
  const DueClass due_class = held ? row.due_class : settlement.due_class;
  const bool was_woken = woken_.contains(row.lane);
  move(row, cancelled ? State::kCancelled : settlement.state, due_class, next_at, settlement.at);
  // Who settles knows when it is due again; the real store does not tell either.
  if (!was_woken) woken_.erase(row.lane);
  row.awaits_merchant = settlement.awaits_merchant && row.state == State::kHeld;
  if (settlement.probed_url && row.state == State::kDelivered) {
    record_.activations[merchant_of(row)] = {merchant_of(row), *settlement.probed_url, settlement.at};
  }
  if (settlement.standing) record_.standings[row.lane] = *settlement.standing;
  return answer(row, Applied::kApplied);
}

OperationResult ModelWriter::retry(ModelRow& row, const OperatorChange& change) {
  return answer(row, move(row, State::kPending, DueClass::kRetry, change.at, change.at));
}

OperationResult ModelWriter::replay(const ModelRow& row, const OperatorChange& change) {
  Admission copy;
  copy.notification = row.notification;
  copy.notification.id = change.replay_id;
  copy.notification.key += "#replay-" + to_string(change.replay_id);
  copy.notification.replay_of = row.notification.id;
  copy.notification.admitted_at = change.at;
  copy.notification.not_before = change.at;
  return admit(copy);
}

OperationResult ModelWriter::cancel(ModelRow& row, const OperatorChange& change) {
  if (!change.in_flight || row.state != State::kPending) {
    return answer(row, move(row, State::kCancelled, row.due_class, change.at, change.at));
  }
  row.cancel_asked = true;
  return answer(row, Applied::kIntent);
}

OperationResult ModelWriter::change(const OperatorChange& change) {
  const auto found = record_.rows.find(change.id);
  if (found == record_.rows.end()) return {Applied::kNotFound, change.id, {}, 0, {}, {}};
  observer_.on_change(change);
  ModelRow& row = found->second;
  if (was_obeyed(change, row.state)) return answer(row, Applied::kIntent);
  const bool expected = !change.expected_state || *change.expected_state == row.state;
  if (!expected || !may_steer(change.verb, row.state)) return answer(row, Applied::kForbidden);
  if (is_final(row.state)) return replay(row, change);
  if (change.verb == OperatorVerb::kCancel) return cancel(row, change);
  if (change.in_flight) return answer(row, Applied::kForbidden);
  if (change.verb == OperatorVerb::kRetry) return retry(row, change);
  if (change.verb == OperatorVerb::kHold) {
    return answer(row, move(row, State::kHeld, row.due_class, row.next_at, change.at));
  }
  return answer(row, move(row, State::kPending, row.due_class, std::max(row.next_at, change.at), change.at));
}

InboxResult ModelWriter::take_inbox(const InboxSlice& slice) {
  InboxResult result;
  const auto known = record_.inbox.find(slice.source);
  result.stale = (known == record_.inbox.end() ? 0 : known->second.mark) != slice.after;
  if (result.stale) return result;
  observer_.on_inbox(slice);
  for (const InboxRow& row : slice.rows) result.rows.push_back(take_row(slice, row));
  for (const InboxErrorName& name : slice.ended) {
    const bool there = record_.inbox_errors.erase(name) > 0;
    result.ended.push_back({there ? Applied::kApplied : Applied::kNotFound, {}, {}, 0, {}, {}});
  }
  record_.inbox[slice.source] = {slice.mark, slice.mark_seal};
  result.errors = record_.inbox_errors.size();
  return result;
}

OperationResult ModelWriter::take_row(const InboxSlice& slice, const InboxRow& row) {
  OperationResult result{Applied::kNotFound, {}, {}, 0, {}, {}};
  if (row.admission) result = admit(*row.admission);
  const InboxErrorName name{slice.source, row.row};
  if (row.admission && result.applied != Applied::kConflict) {
    record_.inbox_errors.erase(name);
    return result;
  }
  const Error conflict{ErrorCode::kConflict, "the key belongs to " + to_string(result.id), "key"};
  record_.inbox_errors[name] = {name, slice.at, row.admission ? conflict : row.error, row.text, row.text_bytes};
  return result;
}

OperationResult ModelWriter::start(const JobStart& start) {
  Job job = start.job;
  job.id = {static_cast<std::int64_t>(record_.jobs.size()) + 1};
  record_.newest_record = std::max(record_.newest_record, job.created_at);
  observer_.on_job_start(job);
  OperationResult result;
  result.job = job.id;
  record_.jobs.emplace(job.id, std::move(job));
  return result;
}

OperationResult ModelWriter::stop(const JobStop& stop) {
  OperationResult result;
  result.job = stop.job;
  const auto found = record_.jobs.find(stop.job);
  if (found == record_.jobs.end()) {
    result.applied = Applied::kNotFound;
  } else if (found->second.state != JobState::kRunning) {
    result.applied = Applied::kForbidden;
  } else {
    found->second.state = JobState::kStopped;
    found->second.finished_at = stop.at;
  }
  return result;
}

std::vector<OperationResult> ModelWriter::advance(const JobSlice& slice) {
  Job& job = record_.jobs.at(slice.job);
  CHECK_THAT(job.state == JobState::kRunning, "a step of a job that does not run");
  std::vector<OperationResult> results;
  for (const OperatorChange& wish : slice.changes) results.push_back(change(wish));
  observer_.on_job_slice(job, slice, results);
  for (const OperationResult& result : results) {
    const bool done = result.applied == Applied::kApplied || result.applied == Applied::kIntent;
    ++(done ? job.applied : job.refused);
  }
  job.below = slice.below;
  job.looked_at += slice.looked_at;
  job.matched += slice.matched;
  if (slice.ended) {
    job.state = JobState::kDone;
    job.finished_at = slice.at;
  }
  return results;
}

DueNotification ModelWriter::due(const ModelRow& row) const {
  const Notification& n = row.notification;
  return {row.key(), row.progress, n.revision,   n.content_hash,   n.subject,
          n.url,     n.content,    n.not_before, row.cancel_asked, n.probe};
}

Page ModelWriter::read(const PageRequest& request) const {
  Page page{request.lane, request.due_class, {}, EngineTime::max()};
  std::size_t bytes = 0;
  const QueueKey from{request.lane, request.due_class, EngineTime::min(), NotificationId{0}};
  for (auto key = record_.queue.lower_bound(from); key != record_.queue.end(); ++key) {
    if (key->lane != request.lane || key->due_class != request.due_class) break;
    if (std::find(request.excluded.begin(), request.excluded.end(), key->id) != request.excluded.end()) continue;
    const std::size_t row_bytes = record_.rows.at(key->id).notification.content.size();
    const bool full =
        page.rows.size() >= request.rows_max || (!page.rows.empty() && bytes + row_bytes > request.bytes_max);
    if (key->next_at > request.due_by || full) {
      page.beyond = key->next_at;
      break;
    }
    page.rows.push_back(due(record_.rows.at(key->id)));
    bytes += row_bytes;
  }
  return page;
}

LaneHead ModelWriter::head_of(LaneId lane) const {
  LaneHead head{lane, record_.lanes.at(static_cast<std::size_t>(lane.value - 1)), {}, record_.standing_of(lane)};
  for (const DueClass due_class : {DueClass::kFresh, DueClass::kRetry}) {
    const auto first = record_.queue.lower_bound({lane, due_class, EngineTime::min(), NotificationId{0}});
    const bool there = first != record_.queue.end() && first->lane == lane && first->due_class == due_class;
    head.earliest[static_cast<std::size_t>(due_class)] = there ? first->next_at : EngineTime::max();
  }
  return head;
}

void ModelWriter::scan(const LaneScan& scan, BatchResult& result) const {
  LaneId after = scan.after;
  while (true) {
    const auto next =
        record_.queue.lower_bound({LaneId{after.value + 1}, DueClass::kFresh, EngineTime::min(), NotificationId{0}});
    result.scan_complete = next == record_.queue.end();
    if (result.scan_complete || result.lanes.size() >= scan.lanes_max) return;
    result.lanes.push_back(head_of(next->lane));
    after = next->lane;
  }
}

void ModelWriter::move_to(const MerchantName& merchant, const std::string& before, const std::string& url) {
  if (origin_of(before) != origin_of(url)) moved_.insert(merchant);
}

// What the batch's settlements said was about the host before.
void ModelWriter::forget_moved() {
  std::erase_if(record_.standings, [this](const auto& standing) {
    const LaneKey& key = record_.lanes.at(static_cast<std::size_t>(standing.first.value - 1));
    return key.origin.empty() && moved_.contains({key.provider, key.merchant});
  });
}

std::uint32_t ModelWriter::put(const MerchantRecord& record, EngineTime at) {
  observer_.on_merchant(record.name);
  MerchantRecord& stored = record_.merchants[record.name];
  const std::uint32_t version = stored.version + 1;
  move_to(record.name, stored.url, record.url);
  stored = record;
  stored.version = version;
  stored.changed_at = at;
  record_.newest_record = std::max(record_.newest_record, at);
  return version;
}

OperationResult ModelWriter::change_merchant(const MerchantChange& change) {
  OperationResult result;
  const auto stored = record_.merchants.find(change.merchant);
  result.version = stored == record_.merchants.end() ? 0 : stored->second.version;
  if (change.expected_version && *change.expected_version != result.version) {
    result.applied = Applied::kStale;
  } else if (change.record) {
    result.version = put(*change.record, change.at);
  } else if (stored == record_.merchants.end()) {
    result.applied = Applied::kNotFound;
  } else {
    observer_.on_merchant(change.merchant);
    move_to(change.merchant, stored->second.url, {});
    record_.merchants.erase(stored);
    record_.paused.erase(change.merchant);
    result.version = 0;
  }
  return result;
}

void ModelWriter::pause(const MerchantPauseChange& change) {
  observer_.on_pause(change);
  if (change.paused) {
    record_.paused[change.pause.merchant] = {change.pause.reason, change.pause.until};
  } else {
    record_.paused.erase(change.pause.merchant);
  }
}

OperationResult ModelWriter::reseal(const KeyReseal& reseal) {
  OperationResult result;
  result.applied = Applied::kStale;
  const std::string& provider = reseal.to.provider;
  const bool known = reseal.to.merchant ? record_.merchants.contains({provider, *reseal.to.merchant})
                                        : record_.shared.contains(provider);
  if (!known) return result;
  for (SealedKey& key :
       reseal.to.merchant ? record_.merchants.at({provider, *reseal.to.merchant}).keys : record_.shared.at(provider)) {
    if (key.id != reseal.to.key.id || key.sealed != reseal.from) continue;
    key = reseal.to.key;
    result.applied = Applied::kApplied;
  }
  return result;
}

OperationResult ModelWriter::apply_merchants(const Operation& operation) {
  if (const auto* change = std::get_if<MerchantChange>(&operation)) return change_merchant(*change);
  if (const auto* resealed = std::get_if<KeyReseal>(&operation)) return reseal(*resealed);
  if (const auto* paused = std::get_if<MerchantPauseChange>(&operation)) pause(*paused);
  if (const auto* shared = std::get_if<SharedKeysChange>(&operation)) {
    record_.shared[shared->shared.provider] = shared->shared.keys;
    if (shared->shared.keys.empty()) record_.shared.erase(shared->shared.provider);
  }
  return {};
}

std::vector<SealedKeyRow> ModelWriter::read(const SealedKeysRead& request) const {
  std::vector<SealedKeyRow> rows;
  const auto look_at = [&](const std::string& provider, const std::optional<std::string>& merchant,
                           const std::vector<SealedKey>& keys) {
    for (const SealedKey& key : keys) {
      if (key.master != request.current && rows.size() < request.rows_max) rows.push_back({provider, merchant, key});
    }
  };
  for (const auto& [provider, keys] : record_.shared) look_at(provider, std::nullopt, keys);
  for (const auto& [name, merchant] : record_.merchants) look_at(name.provider, name.id, merchant.keys);
  return rows;
}

BatchResult ModelWriter::apply(const Batch& batch) {
  observer_.on_batch(batch);
  BatchResult result;
  woken_.clear();
  moved_.clear();
  for (const Operation& operation : batch.operations) {
    if (const auto* admission = std::get_if<Admission>(&operation)) result.results.push_back(admit(*admission));
    if (const auto* settlement = std::get_if<Settlement>(&operation)) result.results.push_back(settle(*settlement));
    if (const auto* wish = std::get_if<OperatorChange>(&operation)) result.results.push_back(change(*wish));
    if (const auto* job = std::get_if<JobStart>(&operation)) {
      result.results.push_back(start(*job));
    } else if (const auto* stopped = std::get_if<JobStop>(&operation)) {
      result.results.push_back(stop(*stopped));
    } else if (operation.index() >= 3) {
      result.results.push_back(apply_merchants(operation));
    }
  }
  if (batch.job) result.job = advance(*batch.job);
  if (batch.inbox) result.inbox = take_inbox(*batch.inbox);
  if (batch.merchants) {
    for (const MerchantRecord& record : batch.merchants->merchants) put(record, batch.merchants->at);
  }
  if (batch.release) result.release_complete = release(*batch.release);
  forget_moved();
  for (const LaneId lane : woken_) result.woken.push_back(head_of(lane));
  for (const PageRequest& request : batch.pages) result.pages.push_back(read(request));
  if (batch.scan) scan(*batch.scan, result);
  if (batch.sealed) result.sealed = read(*batch.sealed);
  if (!batch.rows) return result;
  for (const NotificationId id : batch.rows->ids) {
    const auto found = record_.rows.find(id);
    if (found == record_.rows.end() || found->second.state != State::kPending) continue;
    const ModelRow& row = found->second;
    result.rows.push_back({due(row), row.notification.lane, row.lonely_crashes, record_.standing_of(row.lane)});
  }
  return result;
}

void ModelOutbox::submit(Batch batch) {
  CHECK_THAT(!batch_, "two batches in flight");
  CHECK_THAT(batch.operations.size() <= kBatchOperationsMax, "a batch over its limit");
  batch_ = std::move(batch);
  current_ = plan_();
  ready_at_ = now_() + current_.takes;
}

OutboxCounts counts_of(const ModelRecord& record) {
  OutboxCounts counts;
  counts.admitted = record.rows.size();
  for (const auto& [id, row] : record.rows) {
    ++counts.by_state[static_cast<std::size_t>(row.state)];
    counts.attempts += row.attempts.size();
    for (const Attempt& attempt : row.attempts) {
      counts.possibly_sent += attempt.outcome == OutcomeClass::kPossiblySent ? 1 : 0;
      counts.silent_resends += attempt.sends - 1;
    }
  }
  return counts;
}

ActivationRecord activation_of(const ModelRecord& record) {
  ActivationRecord known;
  for (const auto& [merchant, activation] : record.activations) known.activations.push_back(activation);
  std::set<MerchantName> awaiting;
  for (const auto& [id, row] : record.rows) {
    if (row.awaits_merchant) awaiting.insert(merchant_of(row));
  }
  known.awaiting.assign(awaiting.begin(), awaiting.end());
  return known;
}

std::vector<InboxStanding> inbox_of(const ModelRecord& record) {
  std::vector<InboxStanding> standings;
  for (const auto& [source, inbox] : record.inbox) {
    const auto errors = std::count_if(record.inbox_errors.begin(), record.inbox_errors.end(),
                                      [&of = source](const auto& error) { return error.first.source == of; });
    standings.push_back({source, inbox.mark, inbox.mark_seal, static_cast<std::uint64_t>(errors)});
  }
  return standings;
}

InboxErrorsPage inbox_errors_of(const ModelRecord& record, const InboxErrorsQuery& query) {
  InboxErrorsPage page;
  for (auto error = record.inbox_errors.upper_bound(query.after); error != record.inbox_errors.end(); ++error) {
    page.more = page.errors.size() == query.limit;
    if (page.more) break;
    page.errors.push_back(error->second);
  }
  page.count = record.inbox_errors.size();
  return page;
}

std::vector<Job> running_jobs(const ModelRecord& record) {
  std::vector<Job> running;
  for (const auto& [id, job] : record.jobs) {
    if (job.state == JobState::kRunning) running.push_back(job);
  }
  return running;
}

MerchantsOpening merchants_of(const ModelRecord& record) {
  MerchantsOpening known;
  for (const auto& [name, merchant] : record.merchants) known.merchants.push_back(merchant);
  for (const auto& [name, pause] : record.paused) known.paused.push_back({name, pause.reason, pause.until});
  for (const auto& [provider, keys] : record.shared) known.shared.push_back({provider, keys});
  return known;
}

std::optional<BootTime> ModelOutbox::next_ready() const {
  if (!batch_) return std::nullopt;
  return ready_at_;
}

std::optional<BatchResult> ModelOutbox::take_result() {
  if (!batch_ || now_() < ready_at_) return std::nullopt;
  Batch batch = std::move(*batch_);
  batch_.reset();
  BatchResult result;
  // Reads alone cannot fail to be durable.
  if (current_.fate == BatchFate::kCommitted || !batch.writes()) {
    result = writer_.apply(batch);
  } else {
    if (current_.fate == BatchFate::kUnknown && current_.applied_if_unknown) writer_.apply(batch);
    result.fate = current_.fate;
    result.trouble = "simulated";
  }
  result.operations = std::move(batch.operations);
  return result;
}

void ModelOutbox::crash(bool applied) {
  if (batch_ && applied) writer_.apply(*batch_);
  batch_.reset();
}

}  // namespace ackd::sim
