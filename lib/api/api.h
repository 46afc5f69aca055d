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

#include "api/ingest.h"
#include "api/merchant_resource.h"
#include "api/notification_codec.h"
#include "api/problem.h"
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
};

// All must outlive the API. It is the only one that hands tickets to this engine and these queries.
struct ApiParts {
  Engine& engine;
  const Intake& intake;
  OutboxQueries& queries;
  const ProfileCatalogue& catalogue;
  const MerchantDirectory& merchants;
  const Activations& activations;
};

struct FinishedResponse {
  Ticket ticket = 0;
  ApiResponse response;
};

class Api {
 public:
  Api(const ApiParts& parts, ProcessFacts process);

  // Never fails: what is wrong with a request is in its response. Each ticket gets exactly one response, unless a turn
  // is fatal; a caller that is gone simply drops its own.
  Ticket start(ApiRequest request);

  // Collects what the engine and the queries have answered, and starts queries that waited for room.
  void pump();

  std::vector<FinishedResponse> take_finished();

 private:
  enum class View { kShow, kWhy, kRequest, kList, kStats };
  struct WaitingChange {
    OperatorVerb verb;
    NotificationId id;
  };
  struct WaitingProbe {
    MerchantName merchant;
  };
  using Waiting = std::variant<Ingest, WaitingChange, WaitingProbe, View>;
  struct QueuedQuery {
    Ticket ticket = 0;
    Query query;
  };

  static std::optional<View> view_of(std::string_view rest);
  void route(Ticket ticket, const ApiRequest& request);
  void route_notifications(Ticket ticket, const ApiRequest& request, std::string_view rest);
  void route_merchants(Ticket ticket, const ApiRequest& request, std::string_view rest);
  void ingest(Ticket ticket, const ApiRequest& request);
  void change(Ticket ticket, const ApiRequest& request, OperatorVerb verb, NotificationId id);
  void probe(Ticket ticket, const MerchantName& merchant);
  void ask(Ticket ticket, View view, Query query);
  void finish(Ticket ticket, ApiResponse response);
  ApiResponse respond_to_answer(const Waiting& waiting, const Answer& answer) const;
  ApiResponse respond_to_query(View view, const Result<QueryAnswer>& answer) const;
  ApiResponse respond_with_explanation(const NotificationRecord& record) const;
  RecordFacts facts_of(const NotificationRecord& record) const;

  ApiParts parts_;
  ProcessFacts process_;
  MerchantResource merchants_;
  Ticket last_ticket_ = 0;
  std::unordered_map<Ticket, Waiting> waiting_;
  std::deque<QueuedQuery> queued_;
  std::vector<FinishedResponse> finished_;
};

}  // namespace ackd
