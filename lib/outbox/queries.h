// Contract: reading the record for people and programs, apart from the engine's path. Runs on a read-only connection
// and never delays a write. Answers are pulled like everything else.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "model/notification.h"
#include "model/outcome.h"
#include "outbox/job.h"
#include "outbox/list_filter.h"
#include "outbox/slices.h"

namespace ackd {

// Everything on record about one notification.
struct NotificationRecord {
  Notification notification;
  State state = State::kPending;
  Progress progress;
  EngineTime next_at;      // with kPending
  EngineTime finished_at;  // with a final state
  std::string reason;      // why held, exhausted or cancelled
  bool cancel_asked = false;
  std::vector<Attempt> attempts;
  std::vector<Hash> chain;  // chain[i] seals attempts[i] and all before it
};

// A list's row; no payload.
struct NotificationSummary {
  NotificationId id;
  LaneKey lane;
  std::string type;
  std::string subject;
  State state = State::kPending;
  std::uint32_t attempts = 0;
  EngineTime admitted_at;
  EngineTime next_at;      // with kPending
  EngineTime finished_at;  // with a final state
  std::string reason;
  bool probe = false;
};

struct ListPage {
  std::vector<NotificationSummary> rows;      // newest first
  std::optional<NotificationId> next_before;  // more may follow below this id
};

struct OutboxCounts {
  std::array<std::uint64_t, kStateCount> by_state{};
  std::uint64_t admitted = 0;
  std::uint64_t attempts = 0;
  std::uint64_t possibly_sent = 0;
  std::uint64_t silent_resends = 0;
};

struct ShowQuery {
  NotificationId id;
};
struct CountsQuery {};

// What a job has to do, below its cursor: ids alone, because there may be millions.
struct MatchesQuery {
  ListFilter filter;  // its limit may be as much as kListScanMax
  OperatorVerb verb = OperatorVerb::kCancel;
};
struct Match {
  NotificationId id;
  std::size_t looked_at = 0;  // rows looked at down to this one, itself included
};
struct Matches {
  std::vector<Match> rows;                    // newest first: the filter names them and the verb can change them
  std::size_t looked_at = 0;                  // rows, in all
  std::optional<NotificationId> next_before;  // more may follow below this id
};

struct JobQuery {
  JobId id;
};
// Newest first.
struct JobsQuery {
  JobId before;  // 0 for the newest
  std::size_t limit = 50;
};
struct JobsPage {
  std::vector<Job> jobs;
  std::optional<JobId> next_before;
};

// Rows of the inbox that could not be admitted, of all sources, by source and row.
struct InboxErrorsQuery {
  InboxErrorName after;  // the last one of the page before
  std::size_t limit = 50;
};
struct InboxError {
  InboxErrorName name;
  EngineTime at;
  Error error;
  std::string text;            // its first kInboxTextBytesMax bytes
  std::size_t text_bytes = 0;  // of the whole text
};
struct InboxErrorsPage {
  std::vector<InboxError> errors;
  bool more = false;
  std::uint64_t count = 0;  // of all errors
};

using Query = std::variant<ShowQuery, ListFilter, CountsQuery, MatchesQuery, JobQuery, JobsQuery, InboxErrorsQuery>;
using QueryAnswer = std::variant<NotificationRecord, ListPage, OutboxCounts, Matches, Job, JobsPage, InboxErrorsPage>;

struct FinishedQuery {
  Ticket ticket = 0;
  Result<QueryAnswer> answer;  // kNotFound for an unknown id of a notification or job
};

class OutboxQueries {
 public:
  virtual ~OutboxQueries() = default;
  virtual bool room() const = 0;
  // REQUIRES: room().
  virtual void start(Ticket ticket, Query query) = 0;
  virtual std::vector<FinishedQuery> take_finished() = 0;
};

}  // namespace ackd
