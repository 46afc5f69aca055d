#include "api/notification_resource.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "api/notification_codec.h"
#include "text/json_reader.h"
#include "text/nearest_name.h"

namespace ackd {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> kVerbs{"retry", "cancel", "hold", "release"};

std::string_view name_of(OperatorVerb verb) {
  return kVerbs.at(static_cast<std::size_t>(verb));
}

std::vector<std::string> parameter_names() {
  return {"state", "provider", "merchant", "subject", "type", "key", "since", "until", "limit", "cursor"};
}

Status read_time(const Field& parameter, std::optional<EngineTime>& out) {
  const Result<std::int64_t> at = parse_rfc3339(parameter.value);
  if (!at) return invalid(at.error().message, parameter.name);
  out = EngineTime{*at};
  return Done{};
}

Status read_state(const Field& parameter, std::optional<State>& out) {
  out = parse_state(parameter.value);
  if (out) return Done{};
  return invalid(fmt::format("'{}' is not a state; write pending, held, delivered, exhausted or cancelled",
                             shortened(parameter.value)),
                 parameter.name);
}

Status read_limit(const Field& parameter, std::size_t& out) {
  const std::string& text = parameter.value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error == std::errc{} && end == text.data() + text.size() && out >= 1 && out <= kListLimitMax) return Done{};
  return invalid(fmt::format("limit '{}' is not a number from 1 to {}", shortened(text), kListLimitMax),
                 parameter.name);
}

Status read_cursor(const Field& parameter, NotificationId& out) {
  const std::optional<NotificationId> id = parse_notification_id(parameter.value);
  if (!id) return invalid("the cursor is not one that a list returned; pass next_cursor back as it is", parameter.name);
  out = *id;
  return Done{};
}

Status read_parameter(const Field& parameter, ListFilter& filter) {
  const auto take_text = [&](std::string& out) -> Status {
    out = parameter.value;
    return Done{};
  };
  if (parameter.name == "state") return read_state(parameter, filter.state);
  if (parameter.name == "provider") return take_text(filter.provider);
  if (parameter.name == "merchant") return take_text(filter.merchant);
  if (parameter.name == "subject") return take_text(filter.subject);
  if (parameter.name == "type") return take_text(filter.type);
  if (parameter.name == "key") return take_text(filter.key);
  if (parameter.name == "since") return read_time(parameter, filter.since);
  if (parameter.name == "until") return read_time(parameter, filter.until);
  if (parameter.name == "limit") return read_limit(parameter, filter.limit);
  if (parameter.name == "cursor") return read_cursor(parameter, filter.before);
  const std::string name = shortened(parameter.name);
  const std::string hint = did_you_mean(name, parameter_names());
  return invalid(fmt::format("a list has no parameter '{}'{}", name,
                             hint.empty() ? "; it takes " + join_or(parameter_names()) : hint),
                 name);
}

std::string what_to_do(OperatorVerb verb, State state) {
  if (is_final(state) && verb == OperatorVerb::kRetry) {
    return state == State::kDelivered ? "it was acknowledged, so nothing is left to send"
                                      : "enqueue it again under another key to send it";
  }
  return is_final(state) ? "it has ended, and what has ended is not changed" : "look at it with `ackctl why`";
}

Problem refusal(int status, std::string title, std::string detail) {
  return {status, std::move(title), std::move(detail), {}};
}

}  // namespace

Result<ListFilter> read_list_filter(const Fields& parameters) {
  ListFilter filter;
  for (auto parameter = parameters.begin(); parameter != parameters.end(); ++parameter) {
    const bool repeated = std::any_of(parameters.begin(), parameter,
                                      [&](const Field& earlier) { return earlier.name == parameter->name; });
    if (repeated) {
      return invalid(fmt::format("the parameter '{}' is given twice; give it once", shortened(parameter->name)),
                     shortened(parameter->name));
    }
    if (const Status read = read_parameter(*parameter, filter); !read) return read.error();
  }
  return filter;
}

ApiResponse respond_with_list(const ListPage& page) {
  Json rows = Json::array();
  for (const NotificationSummary& row : page.rows) rows.push_back(to_json(row));
  Json body{{"notifications", std::move(rows)}, {"next_cursor", nullptr}};
  if (page.next_before) body["next_cursor"] = to_string(*page.next_before);
  return respond(200, body);
}

std::optional<OperatorVerb> parse_verb(std::string_view name) {
  const auto found = std::find(kVerbs.begin(), kVerbs.end(), name);
  if (found == kVerbs.end()) return std::nullopt;
  return static_cast<OperatorVerb>(found - kVerbs.begin());
}

Result<std::string> read_change_reason(std::string_view body) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) return std::string();
  const Result<JsonValue> json = read_json(body);
  if (!json) return json.error();
  if (json->kind != JsonKind::kObject)
    return invalid("the body is not an object; send {\"reason\": \"...\"} or nothing");
  if (std::optional<Error> unknown = find_unknown_member(*json, {"reason"}, "this request")) return std::move(*unknown);
  const JsonValue* reason = json->find("reason");
  if (reason == nullptr) return std::string();
  if (reason->kind != JsonKind::kString || reason->text.size() > kExcerptBytesMax) {
    return invalid(fmt::format("reason must be a string of at most {} bytes", kExcerptBytesMax), "reason");
  }
  return reason->text;
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
                             fmt::format("notification {} is {}: {} is refused; {}", id, ackd::name_of(answer->state),
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
            {"state", ackd::name_of(answer->state)},
            {"result", answer->applied == Applied::kIntent ? "intent" : "applied"}};
  // A retry of an exhausted notification makes a new one; the first stays as it ended.
  if (answer->id != asked) body["replay_id"] = to_string(answer->id);
  const bool is_due = answer->applied == Applied::kApplied && answer->state == State::kPending;
  if (is_due && answer->next_at.ms > 0) body["next_at"] = format_rfc3339(answer->next_at.ms);
  return respond(200, body);
}

}  // namespace ackd
