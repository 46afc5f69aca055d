// The real Api, Engine, Intake and shipped profiles, on an outbox that is a map and a transport that never answers.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/api.h"
#include "doctest/doctest.h"
#include "engine/engine.h"
#include "engine/intake.h"
#include "profile/catalogue.h"
#include "temporary_folder.h"

namespace ackd::test {

class MapOutbox final : public Outbox {
 public:
  void submit(Batch batch) override { batch_ = std::move(batch); }
  std::optional<BatchResult> take_result() override {
    if (!batch_ || stuck) return std::nullopt;
    const Batch batch = *std::exchange(batch_, std::nullopt);
    BatchResult result;
    result.operations = batch.operations;
    result.scan_complete = true;
    if (refuse) {
      result.fate = BatchFate::kFailed;
      result.trouble = "disk full";
      return result;
    }
    for (const Operation& operation : batch.operations) result.results.push_back(apply(operation));
    if (batch.job) advance(*batch.job, result);
    if (batch.inbox) result.inbox = take_inbox(*batch.inbox);
    if (batch.merchants) imported = batch.merchants->merchants;
    for (const PageRequest& page : batch.pages)
      result.pages.push_back({page.lane, page.due_class, {}, EngineTime::max()});
    return result;
  }
  std::vector<LaneHead> take_arrivals() override { return std::exchange(arrivals, {}); }
  DiskBand disk_band() const override { return band; }

  std::map<NotificationId, NotificationRecord> records;
  std::map<JobId, Job> jobs;
  std::vector<LaneHead> arrivals;  // lanes with work that the engine has not heard of
  std::map<std::int64_t, InboxRow> inbox_errors;
  std::map<MerchantName, MerchantRecord> merchants;
  std::map<std::string, std::vector<SealedKey>> shared;
  std::vector<MerchantRecord> imported;
  DiskBand band = DiskBand::kPlenty;
  bool stuck = false;   // the batch in flight does not end
  bool refuse = false;  // every batch fails

 private:
  OperationResult apply(const Operation& operation) {
    if (const auto* admission = std::get_if<Admission>(&operation)) return admit(*admission);
    if (const auto* change = std::get_if<OperatorChange>(&operation)) return steer(*change);
    if (const auto* start = std::get_if<JobStart>(&operation)) return add(start->job);
    if (const auto* stop = std::get_if<JobStop>(&operation)) return end(*stop);
    if (const auto* change = std::get_if<MerchantChange>(&operation)) return change_merchant(*change);
    if (const auto* change = std::get_if<SharedKeysChange>(&operation)) {
      shared[change->shared.provider] = change->shared.keys;
    }
    return {};
  }
  OperationResult change_merchant(const MerchantChange& change) {
    const auto stored = merchants.find(change.merchant);
    OperationResult result;
    result.version = stored == merchants.end() ? 0 : stored->second.version;
    if (change.expected_version && *change.expected_version != result.version) {
      result.applied = Applied::kStale;
    } else if (change.record) {
      merchants[change.merchant] = *change.record;
      merchants[change.merchant].version = ++result.version;
    } else if (stored == merchants.end()) {
      result.applied = Applied::kNotFound;
    } else {
      merchants.erase(stored);
    }
    return result;
  }
  OperationResult admit(const Admission& admission) {
    const Notification& n = admission.notification;
    for (const auto& [id, record] : records) {
      const Notification& old = record.notification;
      if (old.key != n.key || old.lane.merchant != n.lane.merchant) continue;
      const Applied applied = old.content_hash == n.content_hash ? Applied::kDuplicate : Applied::kConflict;
      return {applied, id, record.state, 0, {1}, record.next_at};
    }
    for (const auto& [id, record] : records) {
      const bool open = n.probe && record.notification.probe && record.state == State::kPending;
      if (open && record.notification.lane == n.lane) return {Applied::kProbeOpen, id, record.state, 0, {1}, {}};
    }
    NotificationRecord record;
    record.notification = n;
    record.state = admission.held_reason.empty() ? State::kPending : State::kHeld;
    record.reason = admission.held_reason;
    record.next_at = n.not_before;
    records[n.id] = record;
    return {Applied::kApplied, n.id, record.state, 0, {1}, n.not_before};
  }
  OperationResult steer(const OperatorChange& change) {
    const auto found = records.find(change.id);
    if (found == records.end()) return {Applied::kNotFound, change.id, {}, 0, {}, {}};
    NotificationRecord& record = found->second;
    if (!may_steer(change.verb, record.state)) return {Applied::kForbidden, change.id, record.state, 0, {1}, {}};
    if (is_final(record.state)) return copy(change, record);
    if (change.verb == OperatorVerb::kCancel) record.state = State::kCancelled;
    record.reason = change.reason;
    return {Applied::kApplied, change.id, record.state, 1, {1}, record.next_at};
  }

  InboxResult take_inbox(const InboxSlice& slice) {
    InboxResult result;
    result.stale = slice.after != inbox_mark_;
    if (result.stale) return result;
    for (const InboxRow& row : slice.rows) {
      result.rows.push_back(row.admission ? admit(*row.admission)
                                          : OperationResult{Applied::kNotFound, {}, {}, 0, {}, {}});
      if (!row.admission) inbox_errors[row.row] = row;
    }
    for (const InboxErrorName& error : slice.ended) {
      const bool there = inbox_errors.erase(error.row) > 0;
      result.ended.push_back({there ? Applied::kApplied : Applied::kNotFound, {}, {}, 0, {}, {}});
    }
    inbox_mark_ = slice.mark;
    result.errors = inbox_errors.size();
    return result;
  }

  OperationResult copy(const OperatorChange& change, NotificationRecord record) {
    record.notification.id = change.replay_id;
    record.notification.replay_of = change.id;
    record.state = State::kPending;
    records[change.replay_id] = record;
    return {Applied::kApplied, change.replay_id, State::kPending, 0, {1}, change.at};
  }
  OperationResult add(Job job) {
    OperationResult result;
    result.job = job.id = {static_cast<std::int64_t>(jobs.size()) + 1};
    jobs[job.id] = job;
    return result;
  }
  OperationResult end(const JobStop& stop) {
    OperationResult result;
    const auto found = jobs.find(stop.job);
    if (found == jobs.end()) {
      result.applied = Applied::kNotFound;
    } else if (found->second.state != JobState::kRunning) {
      result.applied = Applied::kForbidden;
    } else {
      found->second.state = JobState::kStopped;
    }
    return result;
  }
  void advance(const JobSlice& slice, BatchResult& result) {
    Job& job = jobs.at(slice.job);
    for (const OperatorChange& change : slice.changes) {
      result.job.push_back(steer(change));
      ++(result.job.back().applied == Applied::kApplied ? job.applied : job.refused);
    }
    job.matched += slice.matched;
    job.looked_at += slice.looked_at;
    if (slice.ended) job.state = JobState::kDone;
  }

  std::optional<Batch> batch_;
  std::int64_t inbox_mark_ = 0;
};

class MapQueries final : public OutboxQueries {
 public:
  explicit MapQueries(const MapOutbox& outbox) : outbox_(outbox) {}
  bool room() const override { return has_room; }
  void start(Ticket ticket, Query query) override { finished_.push_back({ticket, answer(query)}); }
  std::vector<FinishedQuery> take_finished() override { return std::exchange(finished_, {}); }
  bool has_room = true;
  std::optional<ListFilter> last_filter;
  std::optional<JobsQuery> last_jobs;

 private:
  Result<QueryAnswer> matches(const MatchesQuery& query) const {
    Matches found;
    for (auto record = outbox_.records.rbegin(); record != outbox_.records.rend(); ++record) {
      ++found.looked_at;
      const bool below = record->first < query.filter.before;
      const bool named = !query.filter.state || *query.filter.state == record->second.state;
      if (!below || !named || !may_steer(query.verb, record->second.state)) continue;
      found.rows.push_back({record->first, found.looked_at});
    }
    return QueryAnswer(found);
  }
  Result<QueryAnswer> answer(const Query& query) {
    if (std::holds_alternative<CountsQuery>(query)) return QueryAnswer(OutboxCounts{});
    if (const auto* wanted = std::get_if<MatchesQuery>(&query)) return matches(*wanted);
    if (const auto* job = std::get_if<JobQuery>(&query)) {
      const auto known = outbox_.jobs.find(job->id);
      if (known == outbox_.jobs.end()) return Error{ErrorCode::kNotFound, "there is no such job", {}};
      return QueryAnswer(known->second);
    }
    if (const auto* page = std::get_if<JobsQuery>(&query)) {
      last_jobs = *page;
      JobsPage jobs;
      for (const auto& [id, job] : outbox_.jobs) jobs.jobs.insert(jobs.jobs.begin(), job);
      jobs.next_before = JobId{5};
      return QueryAnswer(jobs);
    }
    if (const auto* filter = std::get_if<ListFilter>(&query)) {
      last_filter = *filter;
      ListPage page;
      page.next_before = NotificationId{77};
      return QueryAnswer(page);
    }
    const auto found = outbox_.records.find(std::get<ShowQuery>(query).id);
    if (found == outbox_.records.end()) return Error{ErrorCode::kNotFound, "there is no such notification", {}};
    return QueryAnswer(found->second);
  }

  const MapOutbox& outbox_;
  std::vector<FinishedQuery> finished_;
};

struct NoInFlight final : InFlight {
  void enter(const InFlightEntry&) override {}
  void leave(NotificationId) override {}
  bool room() const override { return true; }
  std::vector<InFlightEntry> survivors() const override { return {}; }
};
struct NoSigner final : Signer {
  bool room() const override { return false; }
  void start(SignStart) override {}
  std::vector<Signing> take_finished() override { return {}; }
};
struct NoTransport final : Transport {
  bool room() const override { return false; }
  void start(TransferStart) override {}
  std::vector<Transfer> take_finished() override { return {}; }
  void abort_all() override {}
};
struct NoEvents final : Events {
  void on(const Event&) override {}
};
struct CountingRng final : Rng {
  std::uint64_t next() override { return ++state; }
  std::uint64_t state = 0;
};

// Finds every host at 203.0.113.9 at once, and what the policy says to it.
struct FakeEgressChecks final : EgressChecks {
  explicit FakeEgressChecks(const EgressPolicy& the_policy) : policy(the_policy) {}
  bool room() const override { return has_room; }
  void start(Ticket ticket, EgressQuestion question) override {
    const EgressRules* rules = question.settings ? &question.settings->rules : nullptr;
    const IpAddress address = parse_ip("203.0.113.9").value();
    EgressFinding finding{
        ticket, judge_address(policy, rules, address, question.url.port), EgressFinding::Lookup::kFound, {}, {}};
    finding.addresses.push_back({address, finding.verdict});
    findings.push_back(std::move(finding));
  }
  std::vector<EgressFinding> take_findings() override { return std::exchange(findings, {}); }

  const EgressPolicy& policy;
  bool has_room = true;
  std::vector<EgressFinding> findings;
};

struct ApiWorld {
  static constexpr std::int64_t kStartMs = 1'767'225'600'000;  // 2026-01-01T00:00:00Z

  static constexpr int kTurnsMax = 100;  // ten thousand items take 40 slices

  explicit ApiWorld(const IngestRates& rates = {}, InboxControl* inbox = nullptr)
      : api(ApiParts{engine, intake, queries, catalogue, merchants, activations, inbox, *keys, rng, egress, means,
                     egress_checks},
            ProcessFacts{"1.2.3", 42, engine.now(), "config.yaml"}, rates) {
    auto sources = load_profiles(ACKD_SOURCE_DIR "/schedules", "");
    REQUIRE(sources.ok());
    std::int64_t revision = 0;
    for (ProfileSource& source : *sources) {
      if (source.profile.id == "dhpay") {
        Profile asks = source.profile;
        asks.id = "asks";
        asks.activation.required = true;
        catalogue.set_current({++revision}, std::move(asks));
      }
      catalogue.set_current({++revision}, std::move(source.profile));
    }
    merchants.put({"dhpay", "499800", "https://shop.example/notify", {{"k1", Secret("secret-key"), Secret()}}, {}});
  }

  // A turn as the daemon makes it; time passes by a millisecond.
  void turn() {
    ++now.wall.ms;
    ++now.boot.ms;
    engine.turn(now);
    api.pump();
  }

  // Starts one request and turns until it is answered.
  ApiResponse ask(ApiRequest request) {
    const Ticket ticket = api.start(std::move(request));
    for (int turns = 0; turns < kTurnsMax; ++turns) {
      turn();
      for (FinishedResponse& done : api.take_finished()) {
        if (done.ticket == ticket) return std::move(done.response);
      }
    }
    FAIL("no answer within so many turns");
    return {};
  }
  ApiResponse post(std::string path, std::string body, std::string type = "application/json") {
    return ask({"POST", std::move(path), {}, std::move(body), std::move(type)});
  }
  ApiResponse put(std::string path, std::string body) {
    return ask({"PUT", std::move(path), {}, std::move(body), "application/json"});
  }
  ApiResponse remove(std::string path, Fields query = {}) {
    return ask({"DELETE", std::move(path), std::move(query), "", ""});
  }
  ApiResponse get(std::string path, Fields query = {}) {
    return ask({"GET", std::move(path), std::move(query), "", ""});
  }

  Moment now{{kStartMs}, {1'000}};
  MapOutbox outbox;
  MapQueries queries{outbox};
  MapQueries job_queries{outbox};
  NoInFlight in_flight;
  NoSigner signer;
  NoTransport transport;
  NoEvents events;
  CountingRng rng;
  ProfileCatalogue catalogue;
  MerchantDirectory merchants;
  EgressPolicy egress;
  EgressMeans means;
  FakeEgressChecks egress_checks{egress};
  Activations activations;
  Engine engine{
      EngineOptions{},
      EngineParts{outbox, in_flight, signer, transport, catalogue, merchants, events, rng, activations, job_queries},
      EngineStart{now, {}, {}, {}, {}}};
  Intake intake{catalogue, merchants, activations, rng};
  TemporaryFolder folder;
  Result<MasterKeys> keys = MasterKeys::open(folder.file("master.key"), "", true, rng);
  Api api;
};

// One valid dhpay notification; `order` makes it a different one.
inline std::string dhpay_notification(const std::string& order, const std::string& amount = "12.30") {
  return R"({"provider":"dhpay","merchant":"499800","fields":{"merchant_id":"499800","invoice_id":"i1","order_no":")" +
         order + R"(","currency":"USD","amount":)" + amount +
         R"(,"ref_no":"r1","status":"01","trans_date":"20260101","trans_time":"120000"}})";
}

}  // namespace ackd::test
