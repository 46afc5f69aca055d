#include "api/api.h"

#include <fmt/format.h>

#include "api/explanation.h"
#include "api/notification_codec.h"
#include "api/notification_resource.h"
#include "api/request_resource.h"
#include "base/check.h"
#include "profile/render.h"
#include "text/json_reader.h"

namespace ackd {
namespace {

constexpr std::string_view kNotifications = "/v1/notifications";
constexpr std::string_view kMerchants = "/v1/merchants";
constexpr std::string_view kProbe = "/probe";
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

// HEAD is a GET whose body the server leaves out.
bool is_read(const ApiRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

// Takes the part up to the next '/' off the front of `rest`.
std::string_view take_segment(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('/'), rest.size());
  const std::string_view segment = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return segment;
}

}  // namespace

Api::Api(const ApiParts& parts, ProcessFacts process)
    : parts_(parts), process_(std::move(process)), merchants_(parts.catalogue, parts.merchants, parts.activations) {}

// What is asked about one notification, by the path's end.
std::optional<Api::View> Api::view_of(std::string_view rest) {
  if (rest.empty()) return View::kShow;
  if (rest == "why") return View::kWhy;
  if (rest == "request") return View::kRequest;
  return std::nullopt;
}

Ticket Api::start(ApiRequest request) {
  const Ticket ticket = ++last_ticket_;
  route(ticket, request);
  return ticket;
}

void Api::pump() {
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

void Api::route(Ticket ticket, const ApiRequest& request) {
  const std::string_view path = request.path;
  if (path == kNotifications) return route_notifications(ticket, request, {});
  if (path.starts_with("/v1/notifications/")) {
    return route_notifications(ticket, request, path.substr(kNotifications.size() + 1));
  }
  if (path == kMerchants) return route_merchants(ticket, request, {});
  if (path.starts_with("/v1/merchants/")) return route_merchants(ticket, request, path.substr(kMerchants.size() + 1));
  if (path == "/v1/clock/confirm") {
    if (request.method != "POST") return finish(ticket, method_refused("POST"));
    parts_.engine.confirm_clock();
    return finish(ticket, respond(200, {{"result", "applied"}}));
  }
  const bool known = path == "/healthz" || path == "/readyz" || path == "/v1/providers" || path == "/v1/stats";
  if (!known) return finish(ticket, respond(no_such_path(path)));
  if (!is_read(request)) return finish(ticket, method_refused("GET"));
  if (path == "/v1/stats") return ask(ticket, View::kStats, CountsQuery{});
  if (path == "/v1/providers") return finish(ticket, respond_with_providers(parts_.catalogue));
  if (path == "/healthz") return finish(ticket, respond_with_health());
  finish(ticket, respond_with_readiness(parts_.engine.stats()));
}

void Api::route_notifications(Ticket ticket, const ApiRequest& request, std::string_view rest) {
  if (rest.empty()) {
    if (request.method == "POST") return ingest(ticket, request);
    if (!is_read(request)) return finish(ticket, method_refused("GET, POST"));
    Result<ListFilter> filter = read_list_filter(request.query);
    return filter ? ask(ticket, View::kList, std::move(*filter)) : finish(ticket, respond(problem_of(filter.error())));
  }
  const std::string_view id_text = take_segment(rest);
  const std::optional<NotificationId> id = parse_notification_id(id_text);
  if (!id) {
    return finish(
        ticket,
        respond(Problem{404,
                        "not_found",
                        fmt::format("'{}' is not a notification's id, which is a decimal number", shortened(id_text)),
                        {}}));
  }
  const std::optional<OperatorVerb> verb = parse_verb(rest);
  const std::optional<View> view = view_of(rest);
  if (!view && !verb) return finish(ticket, respond(no_such_path(request.path)));
  if (verb) return change(ticket, request, *verb, *id);
  if (!is_read(request)) return finish(ticket, method_refused("GET"));
  ask(ticket, *view, ShowQuery{*id});
}

void Api::route_merchants(Ticket ticket, const ApiRequest& request, std::string_view rest) {
  const bool posts = request.method == "POST";
  if (!posts && !is_read(request)) return finish(ticket, method_refused(rest.ends_with(kProbe) ? "POST" : "GET"));
  if (rest.empty()) return finish(ticket, posts ? method_refused("GET") : merchants_.list(request.query));
  if (posts && !rest.ends_with(kProbe)) return finish(ticket, method_refused("GET"));
  if (posts) rest.remove_suffix(kProbe.size());
  const std::optional<MerchantName> merchant = parse_merchant_name(rest);
  if (!merchant) return finish(ticket, respond(no_such_path(request.path)));
  posts ? probe(ticket, *merchant) : finish(ticket, merchants_.show(*merchant));
}

void Api::probe(Ticket ticket, const MerchantName& merchant) {
  if (const Status accepts = parts_.engine.accepts(1, 0); !accepts) {
    return finish(ticket, respond(problem_of(accepts.error())));
  }
  // Every request is a probe of its own: an operator asks again because the last answer was not the one wanted.
  const IntakeTime at{parts_.engine.now(), parts_.engine.wall()};
  Result<Admission> probe = parts_.intake.probe(merchant, fmt::format("{}-{}", at.now.ms, ticket), at);
  if (!probe) return finish(ticket, respond_to_unmade_probe(probe.error()));
  waiting_.emplace(ticket, WaitingProbe{merchant});
  parts_.engine.admit(ticket, {*std::move(probe)});
}

void Api::ingest(Ticket ticket, const ApiRequest& request) {
  // Asked before the body is read: parsing 16 MiB only to refuse it would make an overload worse.
  if (const Status accepts = parts_.engine.accepts(1, request.body.size()); !accepts) {
    return finish(ticket, respond(problem_of(accepts.error())));
  }
  Result<Ingest> ingest =
      read_ingest(request.body, request.content_type, parts_.intake, {parts_.engine.now(), parts_.engine.wall()});
  if (!ingest) return finish(ticket, respond(problem_of(ingest.error())));
  if (ingest->admissions.empty()) return finish(ticket, respond_to_ingest(*ingest, {}));
  if (const Status accepts = parts_.engine.accepts(ingest->admissions.size(), ingest->bytes); !accepts) {
    return finish(ticket, respond(problem_of(accepts.error())));
  }
  std::vector<Admission> admissions = std::move(ingest->admissions);
  waiting_.emplace(ticket, std::move(*ingest));
  parts_.engine.admit(ticket, std::move(admissions));
}

void Api::change(Ticket ticket, const ApiRequest& request, OperatorVerb verb, NotificationId id) {
  if (request.method != "POST") return finish(ticket, method_refused("POST"));
  Result<std::string> reason = read_change_reason(request.body);
  if (!reason) return finish(ticket, respond(problem_of(reason.error())));
  OperatorChange change;
  change.verb = verb;
  change.id = id;
  change.reason = std::move(*reason);
  change.at = parts_.engine.now();
  waiting_.emplace(ticket, WaitingChange{verb, id});
  parts_.engine.change(ticket, {std::move(change)});
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

ApiResponse Api::respond_to_answer(const Waiting& waiting, const Answer& answer) const {
  if (const auto* ingest = std::get_if<Ingest>(&waiting)) return respond_to_ingest(*ingest, answer.items);
  if (const auto* probe = std::get_if<WaitingProbe>(&waiting)) {
    return respond_to_probe(probe->merchant, answer.items.front());
  }
  const auto& change = std::get<WaitingChange>(waiting);
  CHECK_THAT(answer.items.size() == 1, "one change has one answer");
  return respond_to_change(change.verb, change.id, answer.items.front());
}

ApiResponse Api::respond_to_query(View view, const Result<QueryAnswer>& answer) const {
  if (!answer) return respond(problem_of(answer.error()));
  switch (view) {
    case View::kList: return respond_with_list(std::get<ListPage>(*answer));
    case View::kStats: return respond_with_stats(process_, std::get<OutboxCounts>(*answer), parts_.engine.stats());
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
  }
  return facts;
}

}  // namespace ackd
