#include "sim/model_queries.h"

#include <algorithm>

#include "text/url.h"

namespace ackd::sim {
namespace {

bool allows(const std::string& wanted, const std::string& found) {
  return wanted.empty() || wanted == found;
}

std::string origin_of(const ModelRow& row, const ModelRecord& record) {
  if (!row.notification.lane.origin.empty()) return row.notification.lane.origin;
  const auto merchant = record.merchants.find(merchant_of(row));
  if (merchant == record.merchants.end()) return {};
  const Result<Url> url = parse_url(merchant->second.url);
  return url ? url->origin() : std::string();
}

NotificationSummary summary_of(const ModelRow& row) {
  const Notification& n = row.notification;
  NotificationSummary summary;
  summary.id = n.id;
  summary.lane = n.lane;
  summary.type = n.type;
  summary.subject = n.subject;
  summary.state = row.state;
  summary.attempts = row.progress.attempts;
  summary.admitted_at = n.admitted_at;
  summary.next_at = row.next_at;
  summary.probe = n.probe;
  return summary;
}

// Walks the rows below the filter's cursor, newest first, until `limit` of them were kept.
template <class Keep>
std::optional<NotificationId> walk(const ModelRecord& record, const ListFilter& filter, std::size_t limit, Keep keep) {
  std::size_t kept = 0;
  const NotificationId below{filter.before.value > 0 ? filter.before.value : INT64_MAX};
  NotificationId last = below;
  for (auto row = std::make_reverse_iterator(record.rows.lower_bound(below)); row != record.rows.rend(); ++row) {
    if (kept == limit) return last;
    last = row->first;
    if (keep(row->second, names(filter, row->second, record))) ++kept;
  }
  return std::nullopt;
}

ListPage list(const ModelRecord& record, const ListFilter& filter) {
  ListPage page;
  page.next_before = walk(record, filter, filter.limit, [&](const ModelRow& row, bool named) {
    if (named) page.rows.push_back(summary_of(row));
    return named;
  });
  return page;
}

Matches matches(const ModelRecord& record, const MatchesQuery& query) {
  Matches found;
  found.next_before = walk(record, query.filter, query.filter.limit, [&](const ModelRow& row, bool named) {
    ++found.looked_at;
    if (!named || !may_steer(query.verb, row.state)) return false;
    found.rows.push_back({row.notification.id, found.looked_at});
    return true;
  });
  return found;
}

JobsPage jobs(const ModelRecord& record, const JobsQuery& query) {
  JobsPage page;
  for (auto job = record.jobs.rbegin(); job != record.jobs.rend(); ++job) {
    if (query.before.value > 0 && job->first >= query.before) continue;
    if (page.jobs.size() == query.limit) {
      page.next_before = page.jobs.back().id;
      break;
    }
    page.jobs.push_back(job->second);
  }
  return page;
}

}  // namespace

bool names(const ListFilter& filter, const ModelRow& row, const ModelRecord& record) {
  const Notification& n = row.notification;
  return (!filter.state || *filter.state == row.state) && allows(filter.provider, n.lane.provider) &&
         allows(filter.merchant, n.lane.merchant) && allows(filter.subject, n.subject) && allows(filter.type, n.type) &&
         allows(filter.key, n.key) && (!filter.since || n.admitted_at >= *filter.since) &&
         (!filter.until || n.admitted_at <= *filter.until) && has_tags(n.tags, filter.tags) &&
         (filter.host.empty() || names_host(filter.host, origin_of(row, record)));
}

Result<QueryAnswer> answer_of(const ModelRecord& record, const Query& query) {
  if (const auto* filter = std::get_if<ListFilter>(&query)) return QueryAnswer(list(record, *filter));
  if (const auto* wanted = std::get_if<MatchesQuery>(&query)) return QueryAnswer(matches(record, *wanted));
  if (const auto* page = std::get_if<JobsQuery>(&query)) return QueryAnswer(jobs(record, *page));
  if (const auto* one = std::get_if<JobQuery>(&query)) {
    const auto job = record.jobs.find(one->id);
    if (job != record.jobs.end()) return QueryAnswer(job->second);
    return Error{ErrorCode::kNotFound, "there is no such job", {}};
  }
  if (std::holds_alternative<CountsQuery>(query)) return QueryAnswer(counts_of(record));
  return Error{ErrorCode::kNotFound, "the model does not answer this", {}};
}

void ModelQueries::start(Ticket ticket, Query query) {
  CHECK_THAT(room(), "more queries than there is room for");
  waiting_.emplace(now_() + takes_(), FinishedQuery{ticket, answer_of(record_, query)});
}

std::vector<FinishedQuery> ModelQueries::take_finished() {
  std::vector<FinishedQuery> finished;
  while (!waiting_.empty() && waiting_.begin()->first <= now_()) {
    finished.push_back(std::move(waiting_.begin()->second));
    waiting_.erase(waiting_.begin());
  }
  return finished;
}

std::optional<BootTime> ModelQueries::next_ready() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.begin()->first;
}

}  // namespace ackd::sim
