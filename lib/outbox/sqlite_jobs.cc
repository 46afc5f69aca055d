#include "outbox/sqlite_jobs.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "model/content.h"

namespace ackd {
namespace {

constexpr const char* kColumns =
    "SELECT id, verb, dry_run, state, filter, reason, created_at, finished_at, below, looked_at, matched, applied,"
    " refused FROM job";

// A filter is stored as encode() stores fields: one for each member that filters, tags behind kTagMark.
constexpr char kTagMark = '#';

std::string text_of(const std::optional<EngineTime>& at) {
  return at ? std::to_string(at->ms) : std::string();
}

std::string encode_filter(const ListFilter& filter) {
  Content content;
  const auto add = [&](const char* name, std::string value) {
    if (!value.empty()) content.fields.push_back({name, std::move(value)});
  };
  if (filter.state) add("state", name_of(*filter.state));
  add("provider", filter.provider);
  add("merchant", filter.merchant);
  add("subject", filter.subject);
  add("type", filter.type);
  add("key", filter.key);
  add("host", filter.host);
  add("since", text_of(filter.since));
  add("until", text_of(filter.until));
  for (const Field& tag : filter.tags) content.fields.push_back({kTagMark + tag.name, tag.value});
  return encode(content);
}

bool read_time(const std::string& text, std::optional<EngineTime>& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.emplace().ms);
  return error == std::errc{} && end == text.data() + text.size();
}

// False for a member that this version does not know: a job must not do more than its filter says.
bool read_member(const Field& member, ListFilter& filter) {
  const auto take = [&](std::string& out) {
    out = member.value;
    return true;
  };
  if (member.name.starts_with(kTagMark)) {
    filter.tags.push_back({member.name.substr(1), member.value});
    return true;
  }
  if (member.name == "state") return (filter.state = parse_state(member.value)).has_value();
  if (member.name == "provider") return take(filter.provider);
  if (member.name == "merchant") return take(filter.merchant);
  if (member.name == "subject") return take(filter.subject);
  if (member.name == "type") return take(filter.type);
  if (member.name == "key") return take(filter.key);
  if (member.name == "host") return take(filter.host);
  if (member.name == "since") return read_time(member.value, filter.since);
  if (member.name == "until") return read_time(member.value, filter.until);
  return false;
}

std::optional<ListFilter> decode_filter(std::string_view bytes) {
  const std::optional<Content> content = decode_content(bytes);
  ListFilter filter;
  const auto known = [&](const Field& member) { return read_member(member, filter); };
  if (!content || !std::all_of(content->fields.begin(), content->fields.end(), known)) return std::nullopt;
  return filter;
}

bool is_applied(const OperationResult& result) {
  return result.applied == Applied::kApplied || result.applied == Applied::kIntent;
}

}  // namespace

// --- Reading ---

SqliteJobReader::SqliteJobReader(SqliteDatabase& database)
    : database_(database),
      by_id_(database, std::string(kColumns) + " WHERE id=?"),
      newest_(database, std::string(kColumns) + " WHERE id<? ORDER BY id DESC LIMIT ?"),
      running_(database, std::string(kColumns) + " WHERE state=0 ORDER BY id") {}

Job SqliteJobReader::read(const SqliteRow& row) {
  Job job;
  job.id = {row.integer(0)};
  job.verb = row.choice(1, OperatorVerb::kResend);
  job.dry_run = row.integer(2) != 0;
  job.state = row.choice(3, JobState::kStopped);
  std::optional<ListFilter> filter = decode_filter(row.bytes(4));
  if (!filter) database_.note_contradiction("a job's filter that cannot be read");
  job.filter = std::move(filter).value_or(ListFilter{});
  job.reason = row.text(5);
  job.created_at = row.time(6);
  if (!row.is_null(7)) job.finished_at = row.time(7);
  job.below = row.id(8);
  job.looked_at = static_cast<std::uint64_t>(row.integer(9));
  job.matched = static_cast<std::uint64_t>(row.integer(10));
  job.applied = static_cast<std::uint64_t>(row.integer(11));
  job.refused = static_cast<std::uint64_t>(row.integer(12));
  return job;
}

std::optional<Job> SqliteJobReader::find(JobId id) {
  const SqliteRow row = by_id_.find(id.value);
  if (!row) return std::nullopt;
  return read(row);
}

JobsPage SqliteJobReader::list(const JobsQuery& query) {
  JobsPage page;
  const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kListLimitMax);
  const std::int64_t below = query.before.value > 0 ? query.before.value : INT64_MAX;
  // One more than asked for says whether another page follows.
  for (SqliteRow row = newest_.find(below, limit + 1); row; row.next()) page.jobs.push_back(read(row));
  if (page.jobs.size() <= limit) return page;
  page.jobs.pop_back();
  page.next_before = page.jobs.back().id;
  return page;
}

std::vector<Job> SqliteJobReader::running() {
  std::vector<Job> jobs;
  for (SqliteRow row = running_.find(); row; row.next()) jobs.push_back(read(row));
  return jobs;
}

// --- Writing ---

SqliteJobs::SqliteJobs(SqliteDatabase& database, SqliteOperations& operations)
    : database_(database),
      operations_(operations),
      add_(database,
           "INSERT INTO job(verb, dry_run, state, filter, reason, created_at, below, looked_at, matched, applied,"
           " refused) VALUES(?,?,0,?,?,?,?,0,0,0,0)"),
      state_(database, "SELECT state FROM job WHERE id=?"),
      stop_(database, "UPDATE job SET state=2, finished_at=? WHERE id=? AND state=0"),
      advance_(database,
               "UPDATE job SET below=?, looked_at=looked_at+?, matched=matched+?, applied=applied+?, refused=refused+?,"
               " state=?, finished_at=? WHERE id=? AND state=0") {}

OperationResult SqliteJobs::start(const JobStart& start) {
  const Job& job = start.job;
  operations_.recorded_at(job.created_at);
  add_.run(job.verb, job.dry_run, SqliteBlob{encode_filter(job.filter)}, job.reason, job.created_at, job.below);
  OperationResult result;
  result.job = {sqlite3_last_insert_rowid(database_.handle())};
  return result;
}

OperationResult SqliteJobs::stop(const JobStop& stop) {
  OperationResult result;
  result.job = stop.job;
  operations_.recorded_at(stop.at);
  if (stop_.run(stop.at, stop.job.value) == 1) return result;
  const bool known = static_cast<bool>(state_.find(stop.job.value));
  result.applied = known ? Applied::kForbidden : Applied::kNotFound;
  return result;
}

std::vector<OperationResult> SqliteJobs::advance(const JobSlice& slice) {
  std::vector<OperationResult> results;
  results.reserve(slice.changes.size());
  for (const OperatorChange& change : slice.changes) results.push_back(operations_.apply(change));
  const auto applied = std::count_if(results.begin(), results.end(), is_applied);
  const std::int64_t refused = static_cast<std::int64_t>(results.size()) - applied;
  operations_.recorded_at(slice.at);
  const JobState state = slice.ended ? JobState::kDone : JobState::kRunning;
  std::optional<EngineTime> finished_at;
  if (slice.ended) finished_at = slice.at;
  if (advance_.run(slice.below, slice.looked_at, slice.matched, applied, refused, state, finished_at,
                   slice.job.value) != 1) {
    database_.note_contradiction("a step of a job that does not run");
  }
  return results;
}

}  // namespace ackd
