#include "api/ingest.h"

#include <fmt/format.h>

#include "api/notification_codec.h"
#include "base/check.h"
#include "text/json_reader.h"

namespace ackd {
namespace {

using Json = nlohmann::ordered_json;

class IngestBuilder {
 public:
  IngestBuilder(const Intake& intake, IntakeTime at) : intake_(intake), at_(at) {}

  void add(const JsonValue& json) {
    const Result<IntakeRequest> request = read_notification(json);
    if (!request) return refuse(request.error());
    Result<Admission> admission = intake_.admit(*request, at_);
    if (!admission) return refuse(admission.error());
    ingest.bytes += admission->notification.content.size();
    ingest.admissions.push_back(std::move(*admission));
    ingest.refusals.emplace_back();
  }

  void refuse(const Error& error) { ingest.refusals.emplace_back(problem_of_notification(error)); }

  Ingest ingest;

 private:
  const Intake& intake_;
  IntakeTime at_;
};

Error too_many(std::size_t items) {
  return {ErrorCode::kTooLarge,
          fmt::format("the batch holds {} notifications; the limit is {}: send it in parts", items, kIngestItemsMax),
          {}};
}

bool is_ndjson(std::string_view content_type) {
  return content_type.starts_with("application/x-ndjson") || content_type.starts_with("application/jsonl");
}

// Each line is a document of its own: a bad line refuses that item and no other.
Result<Ingest> read_lines(std::string_view body, IngestBuilder builder) {
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    const std::string_view line = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (builder.ingest.refusals.size() == kIngestItemsMax) return too_many(kIngestItemsMax + 1);
    const Result<JsonValue> json = read_json(line);
    if (json) {
      builder.add(*json);
    } else {
      builder.refuse(json.error());
    }
  }
  return std::move(builder.ingest);
}

Result<Ingest> read_document(std::string_view body, IngestBuilder builder) {
  const Result<JsonValue> json = read_json(body);
  if (!json) return json.error();
  if (json->kind == JsonKind::kObject) {
    builder.ingest.single = true;
    builder.add(*json);
  } else if (json->kind != JsonKind::kArray) {
    return invalid(
        fmt::format("the body is {}; send one notification as an object, or many as an array", name_of(json->kind)));
  } else if (json->items.size() > kIngestItemsMax) {
    return too_many(json->items.size());
  } else {
    for (const JsonValue& item : json->items) builder.add(item);
  }
  return std::move(builder.ingest);
}

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

Result<Ingest> read_ingest(std::string_view body, std::string_view content_type, const Intake& intake, IntakeTime at) {
  if (body.size() > kIngestBytesMax) {
    return Error{
        ErrorCode::kTooLarge,
        fmt::format("the body holds {} bytes; the limit is {}: send it in parts", body.size(), kIngestBytesMax),
        {}};
  }
  IngestBuilder builder(intake, at);
  return is_ndjson(content_type) ? read_lines(body, std::move(builder)) : read_document(body, std::move(builder));
}

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
