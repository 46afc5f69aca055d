#include "api/list_parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/decimal.h"
#include "model/ids.h"
#include "model/notification.h"
#include "text/json_reader.h"
#include "text/nearest_name.h"

namespace ackd {
namespace {

using Json = nlohmann::ordered_json;

std::vector<std::string> parameter_names() {
  return {"state", "provider", "merchant", "subject", "type",  "key",
          "host",  "tag",      "since",    "until",   "limit", "cursor"};
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

Status read_cursor(const Field& parameter, NotificationId& out) {
  const std::optional<NotificationId> id = parse_notification_id(parameter.value);
  if (!id) return bad_cursor(parameter);
  out = *id;
  return Done{};
}

char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// What the host of a canonical URL may hold; anything else could never match.
bool is_host_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view(".-_:[]").find(c) != std::string_view::npos;
}

Status read_host(const Field& parameter, std::string& out) {
  out = parameter.value;
  std::transform(out.begin(), out.end(), out.begin(), to_lower);
  if (!out.empty() && std::all_of(out.begin(), out.end(), is_host_byte)) return Done{};
  return invalid(fmt::format("'{}' is not a host; write shop.example or shop.example:8443, without scheme and path",
                             shortened(parameter.value)),
                 parameter.name);
}

Status read_tag(const Field& parameter, Fields& out) {
  const std::size_t equals = parameter.value.find('=');
  if (equals == std::string::npos || equals == 0) {
    return invalid(fmt::format("'{}' is not a tag; write name=value", shortened(parameter.value)), parameter.name);
  }
  if (out.size() == kTagCountMax) {
    return invalid(fmt::format("a notification has at most {} tags", kTagCountMax), parameter.name);
  }
  out.push_back({parameter.value.substr(0, equals), parameter.value.substr(equals + 1)});
  return Done{};
}

Status read_parameter(const Field& parameter, ListFilter& filter) {
  // A script whose variable was empty must not see, or cancel, everything.
  const auto take_text = [&](std::string& out) -> Status {
    out = parameter.value;
    if (!out.empty()) return Done{};
    return invalid(fmt::format("{} is empty; leave it out to mean all", parameter.name), parameter.name);
  };
  if (parameter.name == "state") return read_state(parameter, filter.state);
  if (parameter.name == "provider") return take_text(filter.provider);
  if (parameter.name == "merchant") return take_text(filter.merchant);
  if (parameter.name == "subject") return take_text(filter.subject);
  if (parameter.name == "type") return take_text(filter.type);
  if (parameter.name == "key") return take_text(filter.key);
  if (parameter.name == "host") return read_host(parameter, filter.host);
  if (parameter.name == "tag") return read_tag(parameter, filter.tags);
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

}  // namespace

bool may_repeat(std::string_view name) {
  return name == "tag";
}

Status check_repeats(const Fields& parameters) {
  for (auto parameter = parameters.begin(); parameter != parameters.end(); ++parameter) {
    const bool repeated = std::any_of(parameters.begin(), parameter,
                                      [&](const Field& earlier) { return earlier.name == parameter->name; });
    if (!repeated || may_repeat(parameter->name)) continue;
    const std::string name = shortened(parameter->name);
    return invalid(fmt::format("the parameter '{}' is given twice; give it once", name), name);
  }
  return Done{};
}

Status read_limit(const Field& parameter, std::size_t& out) {
  out = parse_decimal<std::size_t>(parameter.value).value_or(0);
  if (out >= 1 && out <= kListLimitMax) return Done{};
  return invalid(fmt::format("limit '{}' is not a number from 1 to {}", shortened(parameter.value), kListLimitMax),
                 parameter.name);
}

Error bad_cursor(const Field& parameter) {
  return invalid("the cursor is not one that a list returned; pass next_cursor back as it is", parameter.name);
}

Result<ListFilter> read_list_filter(const Fields& parameters) {
  ListFilter filter;
  if (const Status once = check_repeats(parameters); !once) return once.error();
  for (const Field& parameter : parameters) {
    if (const Status read = read_parameter(parameter, filter); !read) return read.error();
  }
  return filter;
}

bool is_empty(const ListFilter& filter) {
  return to_json(filter).empty();
}

Json to_json(const ListFilter& filter) {
  Json json = Json::object();
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) json[name] = value;
  };
  if (filter.state) json["state"] = name_of(*filter.state);
  add("provider", filter.provider);
  add("merchant", filter.merchant);
  add("subject", filter.subject);
  add("type", filter.type);
  add("key", filter.key);
  add("host", filter.host);
  for (const Field& tag : filter.tags) json["tag"].push_back(tag.name + "=" + tag.value);
  if (filter.since) json["since"] = format_rfc3339(filter.since->ms);
  if (filter.until) json["until"] = format_rfc3339(filter.until->ms);
  return json;
}

}  // namespace ackd
