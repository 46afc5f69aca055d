// The verbs about jobs: job ls, show, stop, wait.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "ackctl/daemon_answer.h"
#include "ackctl/daemon_verb.h"
#include "ackctl/job_story.h"
#include "ackctl/printable.h"
#include "ackctl/story.h"
#include "ackctl/table.h"

namespace ackd {
namespace {

constexpr const char* kWaitExamples = R"(Example:
  ackctl job wait 7
Exit code 0: everything that matched was changed. 1: something was refused, the job was stopped, or Ctrl-C ended the
waiting, which leaves the job running.)";

std::string job_text(const Document& job) {
  std::string out =
      printable(fmt::format("job {}  {}  {}", text_of(job, "id"), text_of(job, "state"), text_of(job, "verb"))) + "\n";
  const auto add = [&](std::string_view label, const std::string& value) {
    if (!value.empty()) out += fmt::format("  {:<16}{}\n", label, printable(value));
  };
  add("filter", filter_text(job));
  add("only counts", flag_of(job, "dry_run") ? "yes" : "");
  add("reason", text_of(job, "reason"));
  add("started", shown_time(text_of(job, "created_at")) + " UTC");
  add("ended", shown_time(text_of(job, "finished_at")));
  for (const char* name : {"looked_at", "matched", "applied", "refused"}) {
    const std::string label = std::string_view(name) == "looked_at" ? "looked at" : name;
    add(label, grouped(static_cast<std::uint64_t>(number_of(job, name))));
  }
  return out;
}

class JobListVerb : public DaemonVerb {
 public:
  explicit JobListVerb(CLI::App* command) : DaemonVerb(command) {
    command->add_option("--limit", limit_, "At most so many")->check(CLI::Range(1, 1'000))->capture_default_str();
  }

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    const auto page = document_of(client.get(fmt::format("/v1/jobs?limit={}", limit_)));
    if (!page) return give_up(page.error());
    Table table({"JOB", "STATE", "VERB", "MATCHED", "APPLIED", "REFUSED", "STARTED", "FILTER"}, session.terminal);
    for (const Document& job : part_of(*page, "jobs")) print(job, session, table);
    fmt::print("{}", table.take());
    if (!text_of(*page, "next_cursor").empty()) complain("older jobs follow; --limit N shows more");
    return ExitCode::kOk;
  }

  static void print(const Document& job, const Session& session, Table& table) {
    if (session.options.json) {
      fmt::print("{}\n", to_line(job));
      return;
    }
    table.add({text_of(job, "id"), text_of(job, "state"),
               text_of(job, "verb") + (flag_of(job, "dry_run") ? " (count)" : ""), text_of(job, "matched"),
               text_of(job, "applied"), text_of(job, "refused"), shown_time(text_of(job, "created_at")).substr(0, 19),
               filter_text(job)});
  }

  int limit_ = 50;
};

// A verb about one job.
class JobVerb : public DaemonVerb {
 public:
  explicit JobVerb(CLI::App* command) : DaemonVerb(command) {
    command->add_option("JOB", id_, "A job's id, as `ackctl job ls` shows it")->required();
  }

 private:
  ExitCode run_with(Client& client, const Session& session) override { return run_with(id_, client, session); }

  virtual ExitCode run_with(const std::string& id, Client& client, const Session& session) = 0;

  std::string id_;
};

class JobShowVerb : public JobVerb {
 public:
  using JobVerb::JobVerb;

 private:
  ExitCode run_with(const std::string& id, Client& client, const Session& session) override {
    const Result<Document> job = read_job(client, id);
    if (!job) return give_up(job.error());
    fmt::print("{}", session.options.json ? to_line(*job) + "\n" : job_text(*job));
    return ExitCode::kOk;
  }
};

class JobStopVerb : public JobVerb {
 public:
  using JobVerb::JobVerb;

 private:
  ExitCode run_with(const std::string& id, Client& client, const Session& session) override {
    const Result<Document> stopped = stop_job(client, id);
    if (!stopped) return give_up(stopped.error());
    const Result<Document> job = read_job(client, id);
    if (!job) return give_up(job.error());
    fmt::print("{}\n", session.options.json ? to_line(*job) : outcome_text(*job));
    return ExitCode::kOk;
  }
};

class JobWaitVerb : public JobVerb {
 public:
  using JobVerb::JobVerb;

 private:
  ExitCode run_with(const std::string& id, Client& client, const Session& session) override {
    const StopSignals signals;
    return wait_for_job(client, id, 0, signals, session);
  }
};

}  // namespace

void add_job_verbs(CLI::App& app, Verbs& verbs) {
  auto* job = app.add_subcommand("job", "Verbs for many notifications: what was asked for, and how far it has come");
  job->require_subcommand(1);
  verbs.push_back(std::make_unique<JobListVerb>(job->add_subcommand("ls", "List jobs, the newest first")));
  verbs.push_back(std::make_unique<JobShowVerb>(job->add_subcommand("show", "One job: its filter, reason and counts")));
  verbs.push_back(std::make_unique<JobStopVerb>(job->add_subcommand("stop", "End a job; what it has done stays done")));
  auto* wait = job->add_subcommand("wait", "Follow a job to its end");
  wait->footer(kWaitExamples);
  verbs.push_back(std::make_unique<JobWaitVerb>(wait));
}

}  // namespace ackd
