#include "api/api.h"

#include <fmt/format.h>

#include "api/explanation.h"
#include "api/inbox_resource.h"
#include "api/job_resource.h"
#include "api/lane_resource.h"
#include "api/list_parameters.h"
#include "api/metrics_resource.h"
#include "api/notification_codec.h"
#include "api/notification_resource.h"
#include "api/provider_resource.h"
#include "api/request_resource.h"
#include "base/check.h"
#include "profile/merchant_options.h"
#include "profile/render.h"
#include "text/json_reader.h"

namespace ackd {
namespace {

// Reading is bounded apart from writing: a dashboard gone wild must not fill memory with questions.
constexpr std::size_t kQueriesQueuedMax = 1'000;

Problem no_such_path(std::string_view path) {
  return {404, "not_found", fmt::format("there is nothing at '{}'; the API is below /v1", shortened(path)), {}};
}

ApiResponse method_refused(const std::string& allowed) {
  ApiResponse response = respond(Problem{405, "method_not_allowed", "this path takes " + allowed, {}});
  response.headers.push_back({"Allow", allowed});
  return response;
}

Problem no_such_id(std::string_view text) {
  return {
      404, "not_found", fmt::format("'{}' is not a notification's id, which is a decimal number", shortened(text)), {}};
}

Problem no_such_job(std::string_view text) {
  return {404, "not_found", fmt::format("'{}' is not a job's id, which is a number", shortened(text)), {}};
}

}  // namespace

Api::Api(const ApiParts& parts, ProcessFacts process, const IngestRates& rates)
    : parts_(parts),
      process_(std::move(process)),
      merchants_(parts.catalogue, parts.merchants, parts.activations),
      writes_({parts.engine, parts.catalogue, parts.merchants, parts.means, parts.keys, parts.rng, merchants_,
               process_.config_file}),
      ingest_(parts.engine, parts.intake, rates) {}

Ticket Api::start(ApiRequest request) {
  const Ticket ticket = ++last_ticket_;
  route(ticket, std::move(request));
  return ticket;
}

void Api::pump() {
  if (std::optional<IngestResource::Finished> read = ingest_.read_on()) {
    waiting_.erase(read->ticket);
    finish(read->ticket, std::move(read->response));
  }
  for (const Answer& answer : parts_.engine.take_answers()) {
    const auto waiting = waiting_.extract(answer.ticket);
    CHECK_THAT(!waiting.empty(), "the engine answered a ticket that nobody holds");
    finish(answer.ticket, respond_to_answer(waiting.mapped(), answer));
  }
  for (const FinishedQuery& query : parts_.queries.take_finished()) {
    const auto waiting = waiting_.extract(query.ticket);
    CHECK_THAT(!waiting.empty(), "the queries answered a ticket that nobody holds");
    finish(query.ticket, respond_to_query(std::get<View>(waiting.mapped()), query.answer));
  }
  take_inbox_answers();
  take_egress_findings();
  for (MerchantWrites::Finished& write : writes_.go_on()) {
    waiting_.erase(write.ticket);
    finish(write.ticket, std::move(write.response));
  }
  while (!queued_.empty() && parts_.queries.room()) {
    parts_.queries.start(queued_.front().ticket, std::move(queued_.front().query));
    queued_.pop_front();
  }
}

std::vector<FinishedResponse> Api::take_finished() {
  return std::exchange(finished_, {});
}

void Api::finish(Ticket ticket, ApiResponse response) {
  finished_.push_back({ticket, std::move(response)});
}

void Api::route(Ticket ticket, ApiRequest request) {
  const RouteMatch found = find_route(request.method, request.path);
  if (found.allowed.empty()) return finish(ticket, respond(no_such_path(request.path)));
  if (found.route == nullptr) return finish(ticket, method_refused(found.allowed));
  switch (found.route->endpoint) {
    case Endpoint::kIngest: return ingest(ticket, std::move(request));
    case Endpoint::kListNotifications: return list(ticket, request.query);
    case Endpoint::kShowNotification: return show(ticket, View::kShow, found.parameters.front());
    case Endpoint::kExplainNotification: return show(ticket, View::kWhy, found.parameters.front());
    case Endpoint::kRequestOfNotification: return show(ticket, View::kRequest, found.parameters.front());
    case Endpoint::kChangeNotification: return change(ticket, request, found);
    case Endpoint::kStartJob: return start_job(ticket, request.body);
    case Endpoint::kListJobs: return list_jobs(ticket, request.query);
    case Endpoint::kShowJob: return show_job(ticket, found.parameters.front());
    case Endpoint::kStopJob: return stop_job(ticket, found.parameters.front());
    case Endpoint::kListProviders: return finish(ticket, respond_with_providers(parts_.catalogue));
    case Endpoint::kShowProvider:
      return finish(ticket, respond_with_provider(parts_.catalogue, found.parameters.front()));
    case Endpoint::kTimetable:
      return finish(ticket, respond_with_timetable(parts_.catalogue, found.parameters.front(), request.query,
                                                   parts_.engine.wall()));
    case Endpoint::kListLanes: return finish(ticket, respond_with_lanes(parts_.engine, request.query));
    case Endpoint::kListHosts: return finish(ticket, respond_with_hosts(parts_.engine, request.query));
    case Endpoint::kShowEgress: return finish(ticket, respond_with_egress(parts_.egress, parts_.means));
    case Endpoint::kCheckEgress: return check_egress(ticket, request.query);
    case Endpoint::kMetrics: return ask(ticket, View::kMetrics, CountsQuery{});
    case Endpoint::kStats: return ask(ticket, View::kStats, CountsQuery{});
    case Endpoint::kConfirmClock:
      parts_.engine.confirm_clock();
      return finish(ticket, respond(200, {{"result", "applied"}}));
    case Endpoint::kShowInbox: return finish(ticket, respond(200, to_json(inbox_status())));
    case Endpoint::kRewindInbox: return rewind_inbox(ticket, request.body);
    case Endpoint::kListInboxErrors: return list_inbox_errors(ticket, request.query);
    case Endpoint::kEndInboxError: return end_inbox_error(ticket, found);
    case Endpoint::kHealth: return finish(ticket, respond_with_health());
    case Endpoint::kReadiness: return finish(ticket, respond_with_readiness(parts_.engine.stats()));
    case Endpoint::kListMerchants:
    case Endpoint::kShowMerchant:
    case Endpoint::kPutMerchant:
    case Endpoint::kRemoveMerchant:
    case Endpoint::kPauseMerchant:
    case Endpoint::kResumeMerchant:
    case Endpoint::kProbeMerchant:
    case Endpoint::kOpenImport:
    case Endpoint::kImportLines:
    case Endpoint::kCommitImport:
    case Endpoint::kDropImport:
    case Endpoint::kShowSharedKeys:
    case Endpoint::kPutSharedKeys:
    case Endpoint::kShowKeys:
    case Endpoint::kRotateKeys: return route_merchants(ticket, request, found);
  }
}

void Api::list(Ticket ticket, const Fields& parameters) {
  Result<ListFilter> filter = read_list_filter(parameters);
  if (!filter) return finish(ticket, respond(problem_of(filter.error())));
  ask(ticket, View::kList, std::move(*filter));
}

void Api::show(Ticket ticket, View view, std::string_view id_text) {
  const std::optional<NotificationId> id = parse_notification_id(id_text);
  if (!id) return finish(ticket, respond(no_such_id(id_text)));
  ask(ticket, view, ShowQuery{*id});
}

void Api::ingest(Ticket ticket, ApiRequest request) {
  std::optional<ApiResponse> response =
      ingest_.start(ticket, {std::move(request.client), std::move(request.body), std::move(request.content_type)});
  if (response) return finish(ticket, *std::move(response));
  waiting_.emplace(ticket, WaitingIngest{});
}

void Api::change(Ticket ticket, const ApiRequest& request, const RouteMatch& found) {
  const std::optional<NotificationId> id = parse_notification_id(found.parameters.front());
  if (!id) return finish(ticket, respond(no_such_id(found.parameters.front())));
  const std::optional<OperatorVerb> verb = parse_verb(found.route->path.substr(found.route->path.rfind('/') + 1));
  CHECK_THAT(verb, "a route changes notifications with a verb that nobody knows");
  Result<std::string> reason = read_change_reason(request.body);
  if (!reason) return finish(ticket, respond(problem_of(reason.error())));
  OperatorChange change;
  change.verb = *verb;
  change.id = *id;
  change.reason = std::move(*reason);
  change.at = parts_.engine.now();
  waiting_.emplace(ticket, WaitingChange{*verb, *id});
  parts_.engine.change(ticket, {std::move(change)});
}

void Api::list_inbox_errors(Ticket ticket, const Fields& parameters) {
  Result<InboxErrorsQuery> query = read_inbox_errors_query(parameters);
  if (!query) return finish(ticket, respond(problem_of(query.error())));
  ask(ticket, View::kInboxErrors, *std::move(query));
}

void Api::rewind_inbox(Ticket ticket, std::string_view body) {
  const Result<std::int64_t> to = read_rewind(body);
  if (!to) return finish(ticket, respond(problem_of(to.error())));
  if (parts_.inbox == nullptr) return finish(ticket, respond(no_inbox()));
  waiting_.emplace(ticket, WaitingInbox{});
  parts_.inbox->rewind(ticket, *to);
}

void Api::end_inbox_error(Ticket ticket, const RouteMatch& found) {
  const std::optional<InboxErrorName> error = parse_inbox_error_name(found.parameters.at(0), found.parameters.at(1));
  if (!error) return finish(ticket, respond(Problem{404, "not_found", "a row of the inbox is a number", {}}));
  if (parts_.inbox == nullptr) return finish(ticket, respond(no_inbox()));
  waiting_.emplace(ticket, WaitingInbox{});
  parts_.inbox->end_error(ticket, *error);
}

void Api::take_inbox_answers() {
  if (parts_.inbox == nullptr) return;
  for (const InboxControlAnswer& answer : parts_.inbox->take_answers()) {
    waiting_.erase(answer.ticket);
    finish(answer.ticket,
           answer.done ? respond(200, to_json(inbox_status())) : respond(problem_of(answer.done.error())));
  }
}

void Api::check_egress(Ticket ticket, const Fields& parameters) {
  Result<EgressQuestion> question = read_egress_question(parameters, parts_.merchants);
  if (!question) return finish(ticket, respond(problem_of(question.error())));
  if (!parts_.egress_checks.room()) {
    return finish(ticket,
                  respond(problem_of({ErrorCode::kOverloaded, "other checks are waiting; ask again later", {}})));
  }
  parts_.egress_checks.start(ticket, *question);
  waiting_.emplace(ticket, WaitingCheck{*std::move(question)});
}

void Api::take_egress_findings() {
  for (const EgressFinding& finding : parts_.egress_checks.take_findings()) {
    const auto waiting = waiting_.extract(finding.ticket);
    CHECK_THAT(!waiting.empty(), "a check was found out that nobody asked for");
    const EgressQuestion& question = std::get<WaitingCheck>(waiting.mapped()).question;
    finish(finding.ticket, respond_with_finding(question, finding, parts_.means, parts_.engine.wall()));
  }
}

void Api::start_job(Ticket ticket, std::string_view body) {
  Result<Job> job = read_job(body);
  if (!job) return finish(ticket, respond(problem_of(job.error())));
  if (const Status accepts = parts_.engine.accepts_job(); !accepts) {
    return finish(ticket, respond(problem_of(accepts.error())));
  }
  job->created_at = parts_.engine.now();
  waiting_.emplace(ticket, WaitingJobStart{*job});
  parts_.engine.start_job(ticket, *std::move(job));
}

void Api::list_jobs(Ticket ticket, const Fields& parameters) {
  const Result<JobsQuery> query = read_jobs_query(parameters);
  if (!query) return finish(ticket, respond(problem_of(query.error())));
  ask(ticket, View::kJobs, *query);
}

void Api::show_job(Ticket ticket, std::string_view id_text) {
  const std::optional<JobId> id = parse_job_id(id_text);
  if (!id) return finish(ticket, respond(no_such_job(id_text)));
  ask(ticket, View::kJob, JobQuery{*id});
}

void Api::stop_job(Ticket ticket, std::string_view id_text) {
  const std::optional<JobId> id = parse_job_id(id_text);
  if (!id) return finish(ticket, respond(no_such_job(id_text)));
  waiting_.emplace(ticket, WaitingJobStop{*id});
  parts_.engine.stop_job(ticket, *id);
}

void Api::ask(Ticket ticket, View view, Query query) {
  if (queued_.size() >= kQueriesQueuedMax) {
    return finish(ticket, respond(problem_of({ErrorCode::kOverloaded,
                                              fmt::format("{} queries are waiting; ask again later", queued_.size()),
                                              {}})));
  }
  waiting_.emplace(ticket, view);
  if (queued_.empty() && parts_.queries.room()) {
    parts_.queries.start(ticket, std::move(query));
  } else {
    queued_.push_back({ticket, std::move(query)});
  }
}

ApiResponse Api::respond_to_answer(const Waiting& waiting, const Answer& answer) {
  if (std::holds_alternative<WaitingWrite>(waiting)) return writes_.respond(answer.items.front());
  if (std::holds_alternative<WaitingIngest>(waiting)) return ingest_.respond(answer.ticket, answer.items);
  if (const auto* probe = std::get_if<WaitingProbe>(&waiting)) {
    return respond_to_probe(probe->merchant, answer.items.front());
  }
  if (const auto* start = std::get_if<WaitingJobStart>(&waiting)) {
    return respond_to_job_start(start->job, answer.items.front());
  }
  if (const auto* stop = std::get_if<WaitingJobStop>(&waiting)) {
    return respond_to_job_stop(stop->job, answer.items.front());
  }
  const auto& change = std::get<WaitingChange>(waiting);
  CHECK_THAT(answer.items.size() == 1, "one change has one answer");
  return respond_to_change(change.verb, change.id, answer.items.front());
}

ApiResponse Api::respond_to_query(View view, const Result<QueryAnswer>& answer) const {
  if (!answer) return respond(problem_of(answer.error()));
  switch (view) {
    case View::kList: return respond_with_list(std::get<ListPage>(*answer));
    case View::kInboxErrors: return respond_with_inbox_errors(std::get<InboxErrorsPage>(*answer));
    case View::kStats:
      return respond_with_stats(process_, std::get<OutboxCounts>(*answer), parts_.engine.stats(), inbox_status());
    case View::kMetrics: return respond_with_metrics(process_, std::get<OutboxCounts>(*answer), parts_.engine.stats());
    case View::kJob: return respond(200, to_json(std::get<Job>(*answer)));
    case View::kJobs: return respond_with_jobs(std::get<JobsPage>(*answer));
    case View::kShow: {
      const auto& record = std::get<NotificationRecord>(*answer);
      return respond(200, to_json(record, facts_of(record)));
    }
    case View::kRequest:
      return respond_with_request(std::get<NotificationRecord>(*answer), parts_.catalogue, parts_.merchants,
                                  parts_.engine.wall());
    case View::kWhy: break;
  }
  return respond_with_explanation(std::get<NotificationRecord>(*answer));
}

ApiResponse Api::respond_with_explanation(const NotificationRecord& record) const {
  const LaneView lane = parts_.engine.lane_view(record.notification.lane);
  const RecordFacts facts = facts_of(record);
  const Explanation explanation = explain(record, facts, lane, parts_.engine.stats());
  nlohmann::ordered_json body{{"id", to_string(record.notification.id)},
                              {"state", name_of(record.state)},
                              {"why", explanation.why},
                              {"facts", explanation.facts}};
  if (record.state == State::kPending) body["next_at"] = format_rfc3339(record.next_at.ms);
  body["lane"] = to_json(lane, facts.now);
  return respond(200, body);
}

RecordFacts Api::facts_of(const NotificationRecord& record) const {
  RecordFacts facts;
  facts.profile = parts_.catalogue.find(record.notification.revision);
  facts.in_flight = parts_.engine.in_flight(record.notification.id);
  facts.now = parts_.engine.now();
  const LaneKey& lane = record.notification.lane;
  const Merchant* merchant = parts_.merchants.find(lane.provider, lane.merchant);
  if (facts.profile != nullptr) {
    facts.acknowledgement = merchant == nullptr ? facts.profile->ack : ack_for(*facts.profile, *merchant);
    facts.give_up_after =
        merchant == nullptr ? facts.profile->schedule.give_up_after : give_up_after_for(*facts.profile, *merchant);
  }
  return facts;
}

}  // namespace ackd
