#include "api/ingest.h"

#include <fmt/format.h>

#include "base/check.h"

namespace ackd {
namespace {

using Json = nlohmann::ordered_json;

// What one item came to: a recorded (or already known) notification, or a problem.
struct ItemOutcome {
  int status = 0;
  Json recorded;
  std::optional<Problem> problem;
};

Problem conflict_with(NotificationId id) {
  return {409, "conflict",
          fmt::format("the idempotency key already belongs to notification {}, whose content differs; send the same "
                      "content, or use another key",
                      to_string(id)),
          "key"};
}

ItemOutcome outcome_of(const ItemAnswer& answer) {
  if (!answer) {
    const Problem problem = problem_of_notification(answer.error());
    return {problem.status, {}, problem};
  }
  Json recorded{{"id", to_string(answer->id)}, {"state", name_of(answer->state)}};
  switch (answer->applied) {
    case Applied::kApplied: return {201, std::move(recorded), {}};
    case Applied::kDuplicate: recorded["duplicate"] = true; return {200, std::move(recorded), {}};
    case Applied::kConflict: return {409, {}, conflict_with(answer->id)};
    default: break;
  }
  return {503, {}, Problem{503, "unavailable", "another node owns this merchant's lane; send it there", {}, 1}};
}

ApiResponse respond_to_single(const ItemOutcome& outcome) {
  return outcome.problem ? respond(*outcome.problem) : respond(outcome.status, outcome.recorded);
}

Json item_json(ItemOutcome outcome, bool& storage_refused) {
  Json json{{"status", outcome.status}};
  if (!outcome.problem) {
    json.update(outcome.recorded);
    return json;
  }
  if (outcome.status == 503 && storage_refused) {
    outcome.problem->title = "not_attempted";
    json["title"] = "not_attempted";
  }
  storage_refused = storage_refused || outcome.status == 503;
  json["problem"] = to_json(*outcome.problem);
  return json;
}

}  // namespace

ApiResponse respond_to_ingest(const Ingest& ingest, const std::vector<ItemAnswer>& answers) {
  CHECK_THAT(answers.size() <= ingest.refusals.size(), "more answers than items");
  auto answer = answers.begin();
  Json results = Json::array();
  bool storage_refused = false;
  for (const std::optional<Problem>& refusal : ingest.refusals) {
    CHECK_THAT(refusal || answer != answers.end(), "an item was neither refused nor answered");
    ItemOutcome outcome = refusal ? ItemOutcome{refusal->status, {}, refusal} : outcome_of(*answer++);
    if (ingest.single) return respond_to_single(outcome);
    results.push_back(item_json(std::move(outcome), storage_refused));
  }
  return respond(200, {{"results", std::move(results)}});
}

}  // namespace ackd
