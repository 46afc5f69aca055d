#include "api/notification_resource.h"

#include <fmt/format.h>

#include "api/notification_codec.h"

namespace ackd {
namespace {

using Json = nlohmann::ordered_json;

std::string what_to_do(OperatorVerb verb, State state) {
  if (verb == OperatorVerb::kResend) return "it has not ended; retry sends it now";
  if (is_final(state) && verb == OperatorVerb::kRetry) {
    return state == State::kDelivered ? "it was acknowledged, so nothing is left to send; resend sends a copy"
                                      : "resend sends a copy";
  }
  return is_final(state) ? "it has ended, and what has ended is not changed" : "look at it with `ackctl why`";
}

Problem refusal(int status, std::string title, std::string detail) {
  return {status, std::move(title), std::move(detail), {}};
}

}  // namespace

ApiResponse respond_with_list(const ListPage& page) {
  Json rows = Json::array();
  for (const NotificationSummary& row : page.rows) rows.push_back(to_json(row));
  Json body{{"notifications", std::move(rows)}, {"next_cursor", nullptr}};
  if (page.next_before) body["next_cursor"] = to_string(*page.next_before);
  return respond(200, body);
}

std::optional<OperatorVerb> parse_verb(std::string_view name) {
  for (int number = 0; number < kOperatorVerbCount; ++number) {
    const auto verb = static_cast<OperatorVerb>(number);
    if (name == name_of(verb)) return verb;
  }
  return std::nullopt;
}

Status read_reason(const JsonValue& json, std::string& out) {
  const JsonValue* reason = json.find("reason");
  if (reason == nullptr) return Done{};
  if (reason->kind != JsonKind::kString || reason->text.size() > kExcerptBytesMax) {
    return invalid(fmt::format("reason must be a string of at most {} bytes", kExcerptBytesMax), "reason");
  }
  out = reason->text;
  return Done{};
}

Result<std::string> read_change_reason(std::string_view body) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) return std::string();
  const Result<JsonValue> json = read_json(body);
  if (!json) return json.error();
  if (json->kind != JsonKind::kObject)
    return invalid("the body is not an object; send {\"reason\": \"...\"} or nothing");
  if (std::optional<Error> unknown = find_unknown_member(*json, {"reason"}, "this request")) return std::move(*unknown);
  std::string reason;
  if (const Status read = read_reason(*json, reason); !read) return read.error();
  return reason;
}

ApiResponse respond_to_change(OperatorVerb verb, NotificationId asked, const ItemAnswer& answer) {
  if (!answer) return respond(problem_of(answer.error()));
  const std::string id = to_string(asked);
  switch (answer->applied) {
    case Applied::kApplied:
    case Applied::kIntent: break;
    case Applied::kNotFound: return respond(refusal(404, "not_found", "there is no notification " + id));
    case Applied::kForbidden:
      return respond(refusal(409, "conflict",
                             fmt::format("notification {} is {}: {} is refused; {}", id, name_of(answer->state),
                                         name_of(verb), what_to_do(verb, answer->state))));
    case Applied::kProbeOpen:
      return respond(refusal(
          409, "conflict",
          fmt::format("another probe of this merchant is under way: {}; wait for its outcome", to_string(answer->id))));
    default:
      return respond(refusal(
          409, "conflict", fmt::format("notification {} changed while this was asked; look at it and ask again", id)));
  }
  Json body{{"id", id},
            {"state", name_of(answer->state)},
            {"result", answer->applied == Applied::kIntent ? "intent" : "applied"}};
  // A copy was made; the first stays as it ended.
  if (answer->id != asked) body["replay_id"] = to_string(answer->id);
  const bool is_due = answer->applied == Applied::kApplied && answer->state == State::kPending;
  if (is_due && answer->next_at.ms > 0) body["next_at"] = format_rfc3339(answer->next_at.ms);
  return respond(200, body);
}

}  // namespace ackd
