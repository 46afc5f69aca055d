#include "api/job_resource.h"

#include <fmt/format.h>

#include "api/list_parameters.h"
#include "api/notification_resource.h"
#include "base/decimal.h"
#include "text/json_reader.h"
#include "text/nearest_name.h"

namespace ackd {
namespace {

using Json = nlohmann::ordered_json;

std::vector<std::string> verb_names() {
  std::vector<std::string> names;
  for (int verb = 0; verb < kOperatorVerbCount; ++verb) names.push_back(name_of(static_cast<OperatorVerb>(verb)));
  return names;
}

Status read_verb(const JsonValue& json, OperatorVerb& out) {
  const JsonValue* value = json.find("verb");
  const std::string_view text = value != nullptr && value->kind == JsonKind::kString ? value->text : std::string_view();
  const std::optional<OperatorVerb> verb = parse_verb(text);
  if (!verb) return invalid("verb must be " + join_or(verb_names()), "verb");
  out = *verb;
  return Done{};
}

Status read_flag(const JsonValue& json, std::string_view name, bool& out) {
  const JsonValue* value = json.find(name);
  if (value == nullptr) return Done{};
  if (value->kind != JsonKind::kBoolean)
    return invalid(fmt::format("{} must be true or false", name), std::string(name));
  out = value->text == "true";
  return Done{};
}

// The members of `filter` as a list's parameters; one that may be repeated may be an array.
Result<Fields> read_parameters(const JsonValue& filter) {
  Fields parameters;
  for (const JsonMember& member : filter.members) {
    const JsonValue& value = member.value;
    const bool several = value.kind == JsonKind::kArray && may_repeat(member.name);
    const std::vector<JsonValue> one{several ? JsonValue{} : value};
    for (const JsonValue& text : several ? value.items : one) {
      if (text.kind != JsonKind::kString) {
        const std::string name = "filter." + shortened(member.name);
        return invalid(fmt::format("{} must be a string, as in the query of a list", name), name);
      }
      parameters.push_back({member.name, text.text});
    }
  }
  return parameters;
}

Result<ListFilter> read_filter(const JsonValue& json) {
  const JsonValue* filter = json.find("filter");
  if (filter == nullptr) return ListFilter{};
  if (filter->kind != JsonKind::kObject) return invalid("filter must be an object of list parameters", "filter");
  const Result<Fields> parameters = read_parameters(*filter);
  if (!parameters) return parameters.error();
  for (const char* name : {"limit", "cursor"}) {
    if (find_field(*parameters, name) == nullptr) continue;
    return invalid(fmt::format("a job deals with everything that its filter names; it has no {}", name), "filter");
  }
  return read_list_filter(*parameters);
}

// A verb that can change nothing of what the filter names is a mistake, not an empty job.
Status check_sense(const Job& job, bool all) {
  if (is_empty(job.filter) && !all) {
    return invalid("the filter names no notifications; add a parameter, or \"all\": true for every notification",
                   "filter");
  }
  if (!job.filter.state || may_steer(job.verb, *job.filter.state)) return Done{};
  return invalid(fmt::format("{} changes nothing that is {}", name_of(job.verb), name_of(*job.filter.state)), "filter");
}

}  // namespace

Result<Job> read_job(std::string_view body) {
  const Result<JsonValue> json = read_json(body);
  if (!json) return json.error();
  if (json->kind != JsonKind::kObject) return invalid("a job is an object: {\"verb\", \"filter\", ...}");
  if (auto unknown = find_unknown_member(*json, {"verb", "filter", "dry_run", "reason", "all"}, "a job"))
    return *unknown;
  Job job;
  bool all = false;
  for (const Status& read : {read_verb(*json, job.verb), read_flag(*json, "dry_run", job.dry_run),
                             read_flag(*json, "all", all), read_reason(*json, job.reason)}) {
    if (!read) return read.error();
  }
  Result<ListFilter> filter = read_filter(*json);
  if (!filter) return filter.error();
  job.filter = std::move(*filter);
  if (const Status sense = check_sense(job, all); !sense) return sense.error();
  return job;
}

std::optional<JobId> parse_job_id(std::string_view text) {
  const auto value = parse_decimal<std::int64_t>(text);
  if (!value || *value <= 0) return std::nullopt;
  return JobId{*value};
}

Result<JobsQuery> read_jobs_query(const Fields& parameters) {
  JobsQuery query;
  if (const Status once = check_repeats(parameters); !once) return once.error();
  for (const Field& parameter : parameters) {
    if (parameter.name == "limit") {
      if (const Status read = read_limit(parameter, query.limit); !read) return read.error();
    } else if (parameter.name == "cursor") {
      const std::optional<JobId> before = parse_job_id(parameter.value);
      if (!before) return bad_cursor(parameter);
      query.before = *before;
    } else {
      const std::string name = shortened(parameter.name);
      return invalid(fmt::format("a list of jobs has no parameter '{}'; it takes limit or cursor", name), name);
    }
  }
  return query;
}

Json to_json(const Job& job) {
  Json json{{"id", std::to_string(job.id.value)},
            {"verb", name_of(job.verb)},
            {"state", name_of(job.state)},
            {"dry_run", job.dry_run},
            {"filter", to_json(job.filter)}};
  if (!job.reason.empty()) json["reason"] = job.reason;
  json["looked_at"] = job.looked_at;
  json["matched"] = job.matched;
  json["applied"] = job.applied;
  json["refused"] = job.refused;
  json["created_at"] = format_rfc3339(job.created_at.ms);
  if (job.finished_at) json["finished_at"] = format_rfc3339(job.finished_at->ms);
  return json;
}

ApiResponse respond_with_jobs(const JobsPage& page) {
  Json jobs = Json::array();
  for (const Job& job : page.jobs) jobs.push_back(to_json(job));
  Json body{{"jobs", std::move(jobs)}, {"next_cursor", nullptr}};
  if (page.next_before) body["next_cursor"] = std::to_string(page.next_before->value);
  return respond(200, body);
}

ApiResponse respond_to_job_start(Job job, const ItemAnswer& answer) {
  if (!answer) return respond(problem_of(answer.error()));
  job.id = answer->job;
  return respond(201, to_json(job));
}

ApiResponse respond_to_job_stop(JobId job, const ItemAnswer& answer) {
  if (!answer) return respond(problem_of(answer.error()));
  const std::string id = std::to_string(job.value);
  switch (answer->applied) {
    case Applied::kApplied:
      return respond(200, {{"id", id}, {"state", name_of(JobState::kStopped)}, {"result", "applied"}});
    case Applied::kNotFound: return respond(Problem{404, "not_found", "there is no job " + id, {}});
    default: break;
  }
  return respond(Problem{409, "conflict", fmt::format("job {} has ended; nothing is left to stop", id), {}});
}

}  // namespace ackd
