#include "api/inbox_resource.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/decimal.h"
#include "text/json_reader.h"

namespace ackd {
namespace {

using Json = nlohmann::ordered_json;

const char* name_of(InboxState state) {
  switch (state) {
    case InboxState::kReading: return "reading";
    case InboxState::kWaiting: return "waiting";
    case InboxState::kTrouble: return "trouble";
    case InboxState::kOff: break;
  }
  return "off";
}

template <class Number>
bool read_number(std::string_view text, Number& out) {
  const auto number = parse_decimal<Number>(text);
  out = number.value_or(Number{});
  return number && out >= 0;
}

Json error_json(const InboxError& error) {
  Json json{{"source", error.name.source},
            {"row", error.name.row},
            {"at", format_rfc3339(error.at.ms)},
            {"code", ackd::name_of(error.error.code)}};
  if (!error.error.field.empty()) json["field"] = error.error.field;
  json["reason"] = error.error.message;
  json["text"] = error.text;
  json["text_bytes"] = error.text_bytes;
  json["cut"] = error.text.size() < error.text_bytes;
  return json;
}

Status read_parameter(const Field& parameter, InboxErrorsQuery& query) {
  if (parameter.name == "limit") {
    const bool is_limit =
        read_number(parameter.value, query.limit) && query.limit >= 1 && query.limit <= kInboxErrorsLimitMax;
    if (is_limit) return Done{};
    return invalid(fmt::format("limit is a number from 1 to {}", kInboxErrorsLimitMax), "limit");
  }
  if (parameter.name != "cursor") {
    const std::string name = shortened(parameter.name);
    return invalid(fmt::format("a list of the inbox's errors has no parameter '{}'; it takes limit or cursor", name),
                   name);
  }
  const std::size_t slash = parameter.value.rfind('/');
  std::optional<InboxErrorName> after;
  if (slash != std::string::npos) {
    after = parse_inbox_error_name(std::string_view(parameter.value).substr(0, slash),
                                   std::string_view(parameter.value).substr(slash + 1));
  }
  if (!after) return invalid("the cursor is not one that a list gave", "cursor");
  query.after = *std::move(after);
  return Done{};
}

}  // namespace

Json to_json(const InboxStatus& status) {
  Json json{{"state", name_of(status.state)}};
  if (status.state == InboxState::kOff) return json;
  json["source"] = status.source;
  json["identity"] = nullptr;
  if (!status.identity.empty()) json["identity"] = status.identity;
  json["mark"] = status.mark;
  json["newest"] = status.newest;
  json["behind"] = std::max<std::int64_t>(status.newest - status.mark, 0);
  json["errors"] = status.errors;
  json["trouble"] = nullptr;
  if (!status.trouble.empty()) json["trouble"] = status.trouble;
  return json;
}

Problem no_inbox() {
  return {409, "conflict", "no inbox is configured; name the platform's file under inbox: in the configuration", {}};
}

Result<std::int64_t> read_rewind(std::string_view body) {
  const Result<JsonValue> json = read_json(body);
  if (!json) return json.error();
  if (json->kind != JsonKind::kObject) return invalid("a rewind is an object: {\"to\": ROW}");
  if (std::optional<Error> unknown = find_unknown_member(*json, {"to"}, "a rewind")) return *std::move(unknown);
  const JsonValue* to = json->find("to");
  std::int64_t row = 0;
  if (to != nullptr && to->kind == JsonKind::kNumber && read_number(to->text, row)) return row;
  return invalid("to is the number of the row behind which to read on, 0 for all of them", "to");
}

Result<InboxErrorsQuery> read_inbox_errors_query(const Fields& parameters) {
  InboxErrorsQuery query;
  query.limit = kInboxErrorsLimit;
  for (auto parameter = parameters.begin(); parameter != parameters.end(); ++parameter) {
    const bool repeated = std::any_of(parameters.begin(), parameter,
                                      [&](const Field& earlier) { return earlier.name == parameter->name; });
    const std::string name = shortened(parameter->name);
    if (repeated) return invalid(fmt::format("the parameter '{}' is given twice; give it once", name), name);
    if (const Status read = read_parameter(*parameter, query); !read) return read.error();
  }
  return query;
}

ApiResponse respond_with_inbox_errors(const InboxErrorsPage& page) {
  Json rows = Json::array();
  for (const InboxError& error : page.errors) rows.push_back(error_json(error));
  Json body{{"errors", std::move(rows)}, {"count", page.count}, {"next_cursor", nullptr}};
  if (page.more) {
    const InboxErrorName& last = page.errors.back().name;
    body["next_cursor"] = fmt::format("{}/{}", last.source, last.row);
  }
  return respond(200, body);
}

std::optional<InboxErrorName> parse_inbox_error_name(std::string_view source, std::string_view row) {
  InboxErrorName name{std::string(source), 0};
  if (source.empty() || !read_number(row, name.row)) return std::nullopt;
  return name;
}

}  // namespace ackd
