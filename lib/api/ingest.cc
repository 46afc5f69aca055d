#include "api/ingest.h"

#include <fmt/format.h>

#include "base/check.h"

namespace ackd {
namespace {

using Json = nlohmann::ordered_json;

// What one item came to: a recorded (or already known) notification, or a problem. The members of what was recorded are
// text already: an answer has thousands, and a tree of each would cost more than reading it did.
struct ItemOutcome {
  int status = 0;
  std::string recorded;
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
  std::string recorded = fmt::format(R"("id":"{}","state":"{}")", to_string(answer->id), name_of(answer->state));
  switch (answer->applied) {
    case Applied::kApplied: return {201, std::move(recorded), {}};
    case Applied::kDuplicate: return {200, std::move(recorded) + R"(,"duplicate":true)", {}};
    case Applied::kConflict: return {409, {}, conflict_with(answer->id)};
    default: break;
  }
  return {503, {}, Problem{503, "unavailable", "another node owns this merchant's lane; send it there", {}, 1}};
}

ApiResponse respond_to_single(const ItemOutcome& outcome) {
  return outcome.problem ? respond(*outcome.problem) : respond_text(outcome.status, "{" + outcome.recorded + "}");
}

std::string item_text(ItemOutcome outcome, bool& storage_refused) {
  if (!outcome.problem) return fmt::format(R"({{"status":{},{}}})", outcome.status, outcome.recorded);
  Json json{{"status", outcome.status}};
  if (outcome.status == 503 && storage_refused) {
    outcome.problem->title = "not_attempted";
    json["title"] = "not_attempted";
  }
  storage_refused = storage_refused || outcome.status == 503;
  json["problem"] = to_json(*outcome.problem);
  return json_text(json);
}

}  // namespace

ApiResponse respond_to_ingest(const Ingest& ingest, const std::vector<ItemAnswer>& answers) {
  CHECK_THAT(answers.size() <= ingest.refusals.size(), "more answers than items");
  auto answer = answers.begin();
  std::string results;
  bool storage_refused = false;
  for (const std::optional<Problem>& refusal : ingest.refusals) {
    CHECK_THAT(refusal || answer != answers.end(), "an item was neither refused nor answered");
    ItemOutcome outcome = refusal ? ItemOutcome{refusal->status, {}, refusal} : outcome_of(*answer++);
    if (ingest.single) return respond_to_single(outcome);
    if (!results.empty()) results += ',';
    results += item_text(std::move(outcome), storage_refused);
  }
  return respond_text(200, R"({"results":[)" + results + "]}");
}

}  // namespace ackd
