// /v1/jobs: an operator's verb for everything that a filter names. No state; api.h keeps who waits.
#pragma once

#include <optional>
#include <string_view>

#include "api/problem.h"
#include "engine/engine.h"
#include "outbox/queries.h"

namespace ackd {

// The body of POST /v1/jobs: {"verb","filter":{the parameters of a list},"dry_run","reason","all"}. A filter that names
// nothing is refused unless "all" is true: a script whose variable was empty must not cancel everything.
Result<Job> read_job(std::string_view body);

// Of GET /v1/jobs: limit and cursor.
Result<JobsQuery> read_jobs_query(const Fields& parameters);

// A job's id in a path.
std::optional<JobId> parse_job_id(std::string_view text);

nlohmann::ordered_json to_json(const Job& job);

ApiResponse respond_with_jobs(const JobsPage& page);
// 201 with the job as it is on record now.
ApiResponse respond_to_job_start(Job job, const ItemAnswer& answer);
ApiResponse respond_to_job_stop(JobId job, const ItemAnswer& answer);

}  // namespace ackd
