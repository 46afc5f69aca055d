#include "ackctl/job_story.h"

#include <fmt/format.h>

#include <algorithm>

#include "ackctl/daemon_answer.h"
#include "ackctl/printable.h"
#include "ackctl/progress_line.h"

namespace ackd {
namespace {

// Small jobs end at once; what takes longer need not be asked about more than some times a second.
constexpr Duration kFirstWait{20};
constexpr Duration kLongestWait{250};

std::uint64_t count_of(const Document& job, const char* name) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(number_of(job, name), 0));
}

std::string done_word(const Document& job) {
  const std::string verb = text_of(job, "verb");
  if (verb == "cancel") return "cancelled";
  if (verb == "retry") return "retried";
  if (verb == "hold") return "held";
  if (verb == "release") return "released";
  return verb == "resend" ? "sent again" : "changed";
}

bool is_running(const Document& job) {
  return text_of(job, "state") == "running";
}

// "cancel: 12,345 of 1,000,000, 41,234/s".
std::string progress_text(const Document& job, std::uint64_t expected, std::uint64_t per_second) {
  std::string text = fmt::format("{}: {}", flag_of(job, "dry_run") ? "counting" : printable(text_of(job, "verb")),
                                 grouped(count_of(job, "matched")));
  if (expected > 0) text += " of " + grouped(expected);
  return text + fmt::format(", {}/s", grouped(per_second));
}

}  // namespace

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t place = 3; place < text.size(); place += 4) text.insert(text.size() - place, 1, ',');
  return text;
}

std::string filter_text(const Document& job) {
  std::string text;
  const Document filter = part_of(job, "filter");
  for (const auto& [name, value] : filter.items()) {
    for (const Document& one : value.is_array() ? value : Document::array({value})) {
      const std::string shown = one.is_string() ? one.get<std::string>() : one.dump();
      text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, shown);
    }
  }
  return text.empty() ? "everything" : text;
}

std::string outcome_text(const Document& job) {
  const std::uint64_t matched = count_of(job, "matched");
  std::string text = fmt::format("job {}  {}  ", text_of(job, "id"), text_of(job, "state"));
  if (matched == 0) return printable(text + "no notification matched");
  text += grouped(matched) + " matched";
  if (flag_of(job, "dry_run")) return printable(text);
  text += fmt::format(", {} {}", grouped(count_of(job, "applied")), done_word(job));
  if (const std::uint64_t refused = count_of(job, "refused"); refused > 0) {
    text += fmt::format(", {} refused: in flight, or in another state by then", grouped(refused));
  }
  return printable(text);
}

ExitCode outcome_code(const Document& job) {
  const bool whole = text_of(job, "state") == "done" && count_of(job, "refused") == 0;
  return whole ? ExitCode::kOk : ExitCode::kRefused;
}

Result<Document> start_job(Client& client, const Document& wanted) {
  return document_of(client.post("/v1/jobs", wanted.dump(-1, ' ', false, Document::error_handler_t::replace)));
}

Result<Document> read_job(Client& client, const std::string& id) {
  return document_of(client.get("/v1/jobs/" + client.escaped(id)));
}

Result<Document> stop_job(Client& client, const std::string& id) {
  return document_of(client.post("/v1/jobs/" + client.escaped(id) + "/stop", ""));
}

Result<Document> follow_job(Client& client, const std::string& id, std::uint64_t expected, const StopSignals& signals,
                            const Session& session) {
  ProgressLine line(wants_progress());
  const BootTime start = session.clock.now().boot;
  std::uint64_t before = 0;
  for (Duration wait = kFirstWait;; wait = std::min(wait * 2, kLongestWait)) {
    Result<Document> job = read_job(client, id);
    if (!job || !is_running(*job)) return job;
    const std::uint64_t done = count_of(*job, "matched");
    if (wait == kFirstWait) before = done;
    const auto took_ms = static_cast<std::uint64_t>((session.clock.now().boot - start).count());
    line.show(progress_text(*job, expected, (done - before) * 1'000 / std::max<std::uint64_t>(took_ms, 1)));
    if (signals.wait(wait)) return job;
  }
}

ExitCode wait_for_job(Client& client, const std::string& id, std::uint64_t expected, const StopSignals& signals,
                      const Session& session) {
  const Result<Document> job = follow_job(client, id, expected, signals, session);
  if (!job) {
    const ExitCode code = give_up(job.error());
    if (code == ExitCode::kUnreachable) complain(fmt::format("once ackd is back, job {} goes on by itself", id));
    return code;
  }
  if (is_running(*job)) {
    complain(fmt::format("job {0} goes on; 'ackctl job wait {0}' follows it, 'ackctl job stop {0}' ends it", id));
    return ExitCode::kRefused;
  }
  fmt::print("{}\n", session.options.json ? to_line(*job) : outcome_text(*job));
  return outcome_code(*job);
}

}  // namespace ackd
