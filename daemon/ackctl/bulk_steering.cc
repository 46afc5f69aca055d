#include "ackctl/bulk_steering.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <iostream>
#include <optional>

#include "ackctl/job_story.h"
#include "ackctl/printable.h"
#include "ackctl/stop_signals.h"

namespace ackd {
namespace {

Document job_document(const BulkSteering& wanted, bool dry_run) {
  Document job{{"verb", wanted.verb}, {"filter", wanted.filter}};
  if (dry_run) job["dry_run"] = true;
  if (wanted.all) job["all"] = true;
  if (!wanted.reason.empty()) job["reason"] = wanted.reason;
  return job;
}

bool can_ask() {
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
}

// Counts by a dry run. Nothing when it failed or was broken off, which was said and is in `code`.
std::optional<Document> count(const BulkSteering& wanted, Client& client, const StopSignals& signals,
                              const Session& session, ExitCode& code) {
  const Result<Document> started = start_job(client, job_document(wanted, true));
  const std::string id = started ? text_of(*started, "id") : "";
  const Result<Document> counted = started ? follow_job(client, id, 0, signals, session) : started;
  if (!counted) {
    code = give_up(counted.error());
    return std::nullopt;
  }
  if (text_of(*counted, "state") == "done") return *counted;
  // Nobody waits for a count that was broken off.
  if (text_of(*counted, "state") == "running" && !stop_job(client, id)) complain("the count could not be stopped");
  complain("broken off while counting; nothing was changed");
  code = ExitCode::kRefused;
  return std::nullopt;
}

// A stop signal at the question ends it like a no.
bool agreed(std::uint64_t matched, const std::string& verb, const StopSignals& signals) {
  const bool one = matched == 1;
  fmt::print(stderr, "{} notification{} {}; {} {}? [y/N] ", grouped(matched), one ? "" : "s", one ? "matches" : "match",
             verb, one ? "it" : "them");
  std::fflush(stderr);
  std::array<pollfd, 2> either{{{STDIN_FILENO, POLLIN, 0}, {signals.fd(), POLLIN, 0}}};
  std::string answer;
  if (::poll(either.data(), either.size(), -1) > 0 && !signals.raised()) std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

ExitCode print_count(const Document& counted, const Session& session) {
  const auto matched = static_cast<std::uint64_t>(number_of(counted, "matched"));
  if (session.options.json) {
    fmt::print("{}\n", to_line(counted));
  } else {
    fmt::print("{} notification{} {}\n", grouped(matched), matched == 1 ? "" : "s", matched == 1 ? "matches" : "match");
  }
  return ExitCode::kOk;
}

}  // namespace

ExitCode steer_by_filter(const BulkSteering& wanted, Client& client, const Session& session) {
  if (!wanted.dry_run && !wanted.yes && !can_ask()) {
    complain(
        fmt::format("{} by filter asks before it starts, and there is no terminal to ask on; add --yes, or "
                    "--dry-run to count only",
                    wanted.verb));
    return ExitCode::kUsage;
  }
  const StopSignals signals;
  ExitCode code = ExitCode::kOk;
  std::uint64_t expected = 0;
  if (wanted.dry_run || !wanted.yes) {
    const std::optional<Document> counted = count(wanted, client, signals, session, code);
    if (!counted) return code;
    if (wanted.dry_run) return print_count(*counted, session);
    expected = static_cast<std::uint64_t>(number_of(*counted, "matched"));
    if (expected == 0) {
      complain("no notification matches");
      return ExitCode::kOk;
    }
    if (!agreed(expected, wanted.verb, signals)) {
      complain("nothing was changed");
      return ExitCode::kRefused;
    }
  }
  const Result<Document> job = start_job(client, job_document(wanted, false));
  if (!job) return give_up(job.error());
  if (!wanted.no_wait) return wait_for_job(client, text_of(*job, "id"), expected, signals, session);
  fmt::print("{}\n", session.options.json ? to_line(*job) : printable(text_of(*job, "id")));
  return ExitCode::kOk;
}

}  // namespace ackd
