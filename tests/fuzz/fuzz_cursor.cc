// Any text as a cursor, an id or the parameters of a list: it is refused, or it means something whose own text is the
// same text; and what a list gives as its next cursor is read as the place that it came from.
//
// The input is a query string; what stands behind its first '=' is also tried as a cursor by itself.
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "api/inbox_resource.h"
#include "api/job_resource.h"
#include "api/lane_resource.h"
#include "api/list_parameters.h"
#include "api/merchant_resource.h"
#include "api/parameters.h"
#include "base/check.h"
#include "model/ids.h"
#include "target.h"
#include "text/charset.h"
#include "text/form_encoding.h"

namespace {

using namespace ackd;
using Json = nlohmann::ordered_json;

void check_refusal(const Error& error) {
  CHECK_THAT(error.code == ErrorCode::kInvalid && !error.message.empty(), "a refusal says why");
  CHECK_THAT(error.message.size() < 1'000, "a refusal does not repeat what it refuses");
}

std::string next_cursor(const ApiResponse& response) {
  return Json::parse(response.body)["next_cursor"].get<std::string>();
}

void check_ids(const std::string& text) {
  const auto notification = parse_notification_id(text);
  CHECK_THAT(!notification || to_string(*notification) == text, "an id has one spelling");
  const auto job = parse_job_id(text);
  CHECK_THAT(!job || std::to_string(job->value) == text, "a job's id has one spelling");
}

void check_names(const std::string& text) {
  const auto merchant = parse_merchant_name(text);
  CHECK_THAT(!merchant || merchant->provider + "/" + merchant->id == text, "a merchant's name has one spelling");
  const auto lane = parse_lane_cursor(text);
  CHECK_THAT(!lane || cursor_of(*lane) == text, "a lane's cursor has one spelling");
}

void check_jobs(const Fields& parameters) {
  const Result<JobsQuery> query = read_jobs_query(parameters);
  if (!query) return check_refusal(query.error());
  if (query->before.value == 0) return;
  const std::string cursor = next_cursor(respond_with_jobs({{}, query->before}));
  CHECK_THAT(*find_field(parameters, "cursor") == cursor, "a cursor of jobs is read as where it came from");
}

void check_inbox_errors(const Fields& parameters) {
  const Result<InboxErrorsQuery> query = read_inbox_errors_query(parameters);
  if (!query) return check_refusal(query.error());
  if (query->after.source.empty()) return;
  InboxErrorsPage page;
  page.errors.push_back({query->after, {}, {}, {}, {}});
  page.more = true;
  // JSON has no bytes that are not UTF-8, and the identity of a source has none.
  if (!is_valid_utf8(query->after.source)) return;
  CHECK_THAT(*find_field(parameters, "cursor") == next_cursor(respond_with_inbox_errors(page)),
             "a cursor of the inbox's errors is read as where it came from");
}

Fields parameters_of(const Json& filter) {
  Fields parameters;
  for (const auto& [name, value] : filter.items()) {
    if (value.is_array()) {
      for (const Json& each : value) parameters.push_back({name, each.get<std::string>()});
    } else {
      parameters.push_back({name, value.get<std::string>()});
    }
  }
  return parameters;
}

std::string as_text(const ListFilter& filter) {
  return to_json(filter).dump(-1, ' ', false, Json::error_handler_t::replace);
}

void check_filter(const Fields& parameters) {
  const Result<ListFilter> filter = read_list_filter(parameters);
  if (!filter) return check_refusal(filter.error());
  const Json json = to_json(*filter);
  for (const Field& parameter : parameters) {
    if (parameter.name == "limit") CHECK_THAT(std::to_string(filter->limit) == parameter.value, "a limit has one text");
    if (parameter.name == "cursor") CHECK_THAT(to_string(filter->before) == parameter.value, "a cursor has one text");
    if (parameter.name == "limit" || parameter.name == "cursor") continue;
    CHECK_THAT(json.contains(parameter.name), "no parameter is silently ignored");
  }
  const Result<ListFilter> again = read_list_filter(parameters_of(json));
  CHECK_THAT(again && as_text(*again) == as_text(*filter), "a filter is read again as itself");
  CHECK_THAT(filter->limit >= 1 && filter->limit <= kListLimitMax, "a page has a limit");
}

}  // namespace

int ackd::fuzz::try_input(std::string_view bytes) {
  const std::string text(bytes);
  const std::string value = text.substr(std::min(text.find('=') + 1, text.size()));
  for (const std::string& each : {text, value}) {
    check_ids(each);
    check_names(each);
    check_jobs({{"cursor", each}});
    check_inbox_errors({{"cursor", each}});
  }
  const Result<Fields> parameters = form_decode(text);
  if (!parameters) return 0;
  check_filter(*parameters);
  check_jobs(*parameters);
  check_inbox_errors(*parameters);
  return 0;
}
