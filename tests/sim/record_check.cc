#include "sim/record_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "outbox/attempt_chain.h"
#include "sim/model_queries.h"

namespace ackd::sim {
namespace {

// --- Values as words, since what differs has to be shown anyway ---

std::string words(const LaneKey& lane) {
  return fmt::format("{}/{}{}", lane.provider, lane.merchant, lane.origin);
}

std::string words(const MerchantName& name) {
  return name.provider + "/" + name.id;
}

std::string words(const QueueKey& key) {
  return fmt::format("lane {} class {} at {} id {}", key.lane.value, static_cast<int>(key.due_class), key.next_at.ms,
                     key.id.value);
}

std::string words(const Progress& progress) {
  return fmt::format("version {} attempts {} steps {}", progress.version, progress.attempts, progress.steps);
}

std::string words(const Attempt& attempt) {
  return fmt::format("#{} {} {} {}-{} status {} '{}' peer {} key {} nonce {} sends {}", attempt.number,
                     name_of(attempt.outcome), name_of(attempt.end), attempt.started_at.ms, attempt.ended_at.ms,
                     attempt.status, attempt.reason, attempt.peer, attempt.key_id, attempt.nonce, attempt.sends);
}

std::string words(const DueNotification& row) {
  return fmt::format("{} {} revision {} '{}' {} '{}' not before {}{}{}", words(row.key), words(row.progress),
                     row.revision.value, row.subject, row.url, row.content, row.not_before.ms,
                     row.cancel_asked ? " cancel asked" : "", row.probe ? " probe" : "");
}

std::string words(const Notification& n, State state, const Progress& progress, bool cancel_asked) {
  return fmt::format("{} {} {} {} '{}' key '{}' url '{}' content '{}' admitted {} not before {} replay of {} {} {}{}{}",
                     n.id.value, words(n.lane), n.revision.value, n.type, n.subject, n.key, n.url, n.content,
                     n.admitted_at.ms, n.not_before.ms, n.replay_of ? n.replay_of->value : 0, name_of(state),
                     words(progress), cancel_asked ? " cancel asked" : "", n.probe ? " probe" : "");
}

std::string words(const Job& job) {
  return fmt::format("job {} {} {} below {} looked {} matched {} applied {} refused {} from {} to {}{}", job.id.value,
                     name_of(job.verb), name_of(job.state), job.below.value, job.looked_at, job.matched, job.applied,
                     job.refused, job.created_at.ms, job.finished_at ? job.finished_at->ms : 0,
                     job.dry_run ? " dry" : "");
}

std::string words(const InboxStanding& standing) {
  return fmt::format("{} mark {} seal {} errors {}", standing.source, standing.mark, standing.mark_seal,
                     standing.errors);
}

std::string words(const InboxError& error) {
  return fmt::format("{} row {} {} '{}' of {} bytes", error.name.source, error.name.row, name_of(error.error.code),
                     error.text, error.text_bytes);
}

std::string words(const Activation& activation) {
  return fmt::format("{} {} at {}", words(activation.merchant), activation.url, activation.at.ms);
}

std::string words(const SealedKey& key) {
  return fmt::format("{} {} {}", key.id, key.master, key.sealed);
}

std::string words(const MerchantRecord& merchant) {
  std::string out =
      fmt::format("{} version {} {} {}", words(merchant.name), merchant.version, merchant.url, merchant.changed_at.ms);
  for (const SealedKey& key : merchant.keys) out += " " + words(key);
  return out;
}

std::string words(const MerchantPause& pause) {
  return fmt::format("{} paused until {}: {}", words(pause.merchant), pause.until ? pause.until->ms : 0, pause.reason);
}

std::string words(const SharedKeysRecord& shared) {
  std::string out = shared.provider;
  for (const SealedKey& key : shared.keys) out += " " + words(key);
  return out;
}

std::string words(const LaneHead& head) {
  return fmt::format("lane {} {} {} {} standing {}", head.lane.value, words(head.key), head.earliest[0].ms,
                     head.earliest[1].ms, static_cast<int>(head.standing));
}

std::string words(const OperationResult& result) {
  // Where it is not pending it has no next time, whatever stands there.
  const std::int64_t next_at = result.state == State::kPending ? result.next_at.ms : 0;
  return fmt::format("{} id {} {} version {} lane {} at {} job {}", static_cast<int>(result.applied), result.id.value,
                     name_of(result.state), result.version, result.lane.value, next_at, result.job.value);
}

std::string words(const NotificationSummary& row) {
  return fmt::format("{} {} {} '{}' {} attempts {} admitted {}", row.id.value, words(row.lane), row.type, row.subject,
                     name_of(row.state), row.attempts, row.admitted_at.ms);
}

std::string words(const Page& page) {
  std::string out = fmt::format("page of lane {} class {} beyond {}", page.lane.value, static_cast<int>(page.due_class),
                                page.beyond.ms);
  for (const DueNotification& row : page.rows) out += "\n  " + words(row);
  return out;
}

std::string words(const StoredRow& row) {
  return fmt::format("{} {} crashes {} standing {}", words(row.row), words(row.lane), row.lonely_crashes,
                     static_cast<int>(row.standing));
}

std::string words(const SealedKeyRow& row) {
  return fmt::format("{}/{} {}", row.provider, row.merchant.value_or("*"), words(row.key));
}

class Comparison {
 public:
  void same(const std::string& what, const std::string& stored, const std::string& modelled) {
    if (stored == modelled) return;
    found_.push_back(fmt::format("{}:\n  stored {}\n  model  {}", what, stored, modelled));
  }
  template <class Value>
  void same_lists(const std::string& what, const std::vector<Value>& stored, const std::vector<Value>& modelled) {
    same(what + ", how many", std::to_string(stored.size()), std::to_string(modelled.size()));
    for (std::size_t i = 0; i < std::min(stored.size(), modelled.size()); ++i) {
      same(what, words(stored[i]), words(modelled[i]));
    }
  }
  // In whatever order each has them.
  template <class Value>
  void same_sets(const std::string& what, const std::vector<Value>& stored, const std::vector<Value>& modelled) {
    const auto sorted = [](const std::vector<Value>& values) {
      std::vector<std::string> out;
      for (const Value& value : values) out.push_back(words(value));
      std::ranges::sort(out);
      return out;
    };
    const auto left = sorted(stored);
    const auto right = sorted(modelled);
    same(what, fmt::format("{}", fmt::join(left, "; ")), fmt::format("{}", fmt::join(right, "; ")));
  }
  std::vector<std::string> take() { return std::move(found_); }

 private:
  std::vector<std::string> found_;
};

std::string words(const OutboxCounts& counts) {
  return fmt::format("states {} admitted {} attempts {} possibly sent {} resends {}", fmt::join(counts.by_state, " "),
                     counts.admitted, counts.attempts, counts.possibly_sent, counts.silent_resends);
}

void compare_openings(conformance::Store& store, const ModelRecord& record, Comparison& found) {
  found.same("counters", words(store.counts()), words(counts_of(record)));
  const ActivationRecord stored = store.activation();
  const ActivationRecord modelled = activation_of(record);
  found.same_sets("activations", stored.activations, modelled.activations);
  found.same_sets("merchants that are waited for", stored.awaiting, modelled.awaiting);
  found.same_sets("inbox", store.inbox(), inbox_of(record));
  found.same_lists("errors of the inbox", store.inbox_errors({{}, 500}).errors,
                   inbox_errors_of(record, {{}, 500}).errors);
  found.same_lists("running jobs", store.running_jobs(), running_jobs(record));
  const MerchantsOpening merchants = store.merchants();
  const MerchantsOpening known = merchants_of(record);
  found.same_sets("merchants", merchants.merchants, known.merchants);
  found.same_sets("paused merchants", merchants.paused, known.paused);
  found.same_sets("shared keys", merchants.shared, known.shared);
}

void compare_notification(const NotificationRecord& stored, const ModelRow& row, Comparison& found) {
  found.same("notification", words(stored.notification, stored.state, stored.progress, stored.cancel_asked),
             words(row.notification, row.state, row.progress, row.cancel_asked));
  if (row.state == State::kPending) {
    found.same("next attempt", std::to_string(stored.next_at.ms), std::to_string(row.next_at.ms));
  }
  found.same_lists("attempts of " + to_string(row.notification.id), stored.attempts, row.attempts);
  Hash link = chain_start(stored.notification.content_hash, stored.notification.id);
  for (std::size_t i = 0; i < stored.attempts.size(); ++i) {
    link = chain_next(link, stored.attempts[i]);
    const bool holds = i < stored.chain.size() && stored.chain[i] == link;
    found.same(fmt::format("link {} of the chain of {}", i, stored.notification.id.value), holds ? "holds" : "broken",
               "holds");
  }
}

void compare_lists(conformance::Store& store, const ModelRecord& record, Comparison& found) {
  ListFilter filter;
  filter.limit = kListLimitMax;
  found.same_lists("the list", std::get<ListPage>(*store.ask(filter)).rows,
                   std::get<ListPage>(*answer_of(record, filter)).rows);
  const JobsQuery jobs{{}, 500};
  found.same_lists("jobs", std::get<JobsPage>(*store.ask(jobs)).jobs,
                   std::get<JobsPage>(*answer_of(record, jobs)).jobs);
}

// What is pending: the head of every lane, and all that it has.
void compare_queues(conformance::Store& store, ModelRecord& record, Comparison& found) {
  Batch reading;
  reading.scan = LaneScan{{}, 10'000};
  RowRequest rows;
  for (const auto& [id, row] : record.rows) rows.ids.push_back(id);
  reading.rows = rows;
  for (std::size_t lane = 1; lane <= record.lanes.size(); ++lane) {
    for (const DueClass due_class : {DueClass::kFresh, DueClass::kRetry}) {
      reading.pages.push_back(
          {LaneId{static_cast<std::int64_t>(lane)}, due_class, EngineTime{INT64_MAX - 1}, 10'000, 64u << 20, {}});
    }
  }
  struct Unobserved final : RecordObserver {
    void on_settlement(const ModelRow&, const Settlement&) override {}
    void on_change(const OperatorChange&) override {}
    void on_inbox(const InboxSlice&) override {}
    void on_job_start(const Job&) override {}
    void on_job_slice(const Job&, const JobSlice&, const std::vector<OperationResult>&) override {}
  } observer;
  const BatchResult modelled = ModelWriter(record, observer).apply(reading);
  for (const std::string& each : differences(store.run(std::move(reading)), modelled)) found.same(each, "", "-");
}

}  // namespace

std::vector<std::string> differences(const BatchResult& stored, const BatchResult& modelled) {
  Comparison found;
  found.same("fate", stored.trouble, modelled.trouble);
  found.same_lists("results", stored.results, modelled.results);
  found.same_lists("results of the job", stored.job, modelled.job);
  if (stored.inbox && modelled.inbox) {
    found.same_lists("rows of the inbox", stored.inbox->rows, modelled.inbox->rows);
    found.same_lists("ended errors", stored.inbox->ended, modelled.inbox->ended);
  }
  found.same("release", std::to_string(stored.release_complete), std::to_string(modelled.release_complete));
  found.same_sets("woken lanes", stored.woken, modelled.woken);
  found.same_lists("pages", stored.pages, modelled.pages);
  found.same_lists("lanes", stored.lanes, modelled.lanes);
  found.same("scan", std::to_string(stored.scan_complete), std::to_string(modelled.scan_complete));
  found.same_sets("rows", stored.rows, modelled.rows);
  found.same_sets("sealed keys", stored.sealed, modelled.sealed);
  return found.take();
}

std::vector<std::string> differences(conformance::Store& store, ModelRecord& record) {
  Comparison found;
  compare_openings(store, record, found);
  for (const auto& [id, row] : record.rows) {
    const Result<QueryAnswer> shown = store.ask(ShowQuery{id});
    found.same("whether " + to_string(id) + " is there", shown.ok() ? "yes" : "no", "yes");
    if (shown) compare_notification(std::get<NotificationRecord>(*shown), row, found);
  }
  compare_lists(store, record, found);
  compare_queues(store, record, found);
  return found.take();
}

}  // namespace ackd::sim
