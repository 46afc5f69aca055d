// The API's one door: requests as plain values in, responses out. Knows nothing of sockets, and calls nobody back: a
// request gets a ticket, and its response is pulled when it is there.
//
//   start(request) -> ticket ... pump() (after Engine::turn) ... take_finished() -> (ticket, response)
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "api/egress_checks.h"
#include "api/egress_resource.h"
#include "api/inbox_control.h"
#include "api/ingest_resource.h"
#include "api/merchant_resource.h"
#include "api/merchant_writes.h"
#include "api/notification_codec.h"
#include "api/problem.h"
#include "api/routes.h"
#include "api/stats_resource.h"
#include "engine/engine.h"
#include "engine/intake.h"
#include "model/merchant.h"
#include "outbox/queries.h"
#include "profile/catalogue.h"

namespace ackd {

struct ApiRequest {
  std::string method;
  std::string path;  // decoded, without the query
  Fields query;      // decoded parameters, in order
  std::string body;
  std::string content_type;
  std::string client = {};  // who asks, as the system knows it: "uid 1000", "127.0.0.2"; rates are kept for each
};

// All must outlive the API. It is the only one that hands tickets to this engine and these queries.
struct ApiParts {
  Engine& engine;
  const Intake& intake;
  OutboxQueries& queries;
  const ProfileCatalogue& catalogue;
  const MerchantDirectory& merchants;
  const Activations& activations;
  InboxControl* inbox;  // nullptr when none is configured
  MasterKeys& keys;
  Rng& rng;
  const EgressPolicy& egress;
  const EgressMeans& means;
  EgressChecks& egress_checks;
};

struct FinishedResponse {
  Ticket ticket = 0;
  ApiResponse response;
};

class Api {
 public:
  Api(const ApiParts& parts, ProcessFacts process, const IngestRates& rates = {});

  // Never fails: what is wrong with a request is in its response. Each ticket gets exactly one response, unless a turn
  // is fatal; a caller that is gone simply drops its own.
  Ticket start(ApiRequest request);

  // Reads on in the bodies that are too long for one turn, collects what the engine and the queries have answered, and
  // starts queries that waited for room.
  void pump();

  std::vector<FinishedResponse> take_finished();

  // Whether pump() has left work for the next turn, which nothing else will ask for.
  bool wants_turn() const { return ingest_.wants_turn() || writes_.wants_turn(); }

 private:
  enum class View { kShow, kWhy, kRequest, kList, kStats, kMetrics, kJob, kJobs, kInboxErrors };
  struct WaitingChange {
    OperatorVerb verb;
    NotificationId id;
  };
  struct WaitingProbe {
    MerchantName merchant;
  };
  struct WaitingIngest {};
  struct WaitingInbox {};
  struct WaitingCheck {
    EgressQuestion question;
  };
  struct WaitingJobStart {
    Job job;
  };
  struct WaitingJobStop {
    JobId job;
  };
  struct WaitingWrite {};
  using Waiting = std::variant<WaitingIngest, WaitingWrite, WaitingChange, WaitingProbe, WaitingJobStart,
                               WaitingJobStop, WaitingInbox, WaitingCheck, View>;
  struct QueuedQuery {
    Ticket ticket = 0;
    Query query;
  };

  void route(Ticket ticket, ApiRequest request);
  void ingest(Ticket ticket, ApiRequest request);
  void list(Ticket ticket, const Fields& parameters);
  void show(Ticket ticket, View view, std::string_view id_text);
  void change(Ticket ticket, const ApiRequest& request, const RouteMatch& found);
  void probe(Ticket ticket, const MerchantName& merchant);
  InboxStatus inbox_status() const { return parts_.inbox == nullptr ? InboxStatus() : parts_.inbox->status(); }
  void list_inbox_errors(Ticket ticket, const Fields& parameters);
  void rewind_inbox(Ticket ticket, std::string_view body);
  void end_inbox_error(Ticket ticket, const RouteMatch& found);
  void take_inbox_answers();
  void check_egress(Ticket ticket, const Fields& parameters);
  void take_egress_findings();
  void start_job(Ticket ticket, std::string_view body);
  void list_jobs(Ticket ticket, const Fields& parameters);
  void show_job(Ticket ticket, std::string_view id_text);
  void stop_job(Ticket ticket, std::string_view id_text);
  void write(Ticket ticket, Result<MerchantRequest> request);
  // What route() finds to be about merchants or keys (merchant_routes.cc).
  void route_merchants(Ticket ticket, ApiRequest& request, const RouteMatch& found);
  void ask(Ticket ticket, View view, Query query);
  void finish(Ticket ticket, ApiResponse response);
  ApiResponse respond_to_answer(const Waiting& waiting, const Answer& answer);
  ApiResponse respond_to_query(View view, const Result<QueryAnswer>& answer) const;
  ApiResponse respond_with_explanation(const NotificationRecord& record) const;
  RecordFacts facts_of(const NotificationRecord& record) const;

  ApiParts parts_;
  ProcessFacts process_;
  MerchantResource merchants_;
  MerchantWrites writes_;
  IngestResource ingest_;
  Ticket last_ticket_ = 0;
  std::unordered_map<Ticket, Waiting> waiting_;
  std::deque<QueuedQuery> queued_;
  std::vector<FinishedResponse> finished_;
};

}  // namespace ackd
