// The verbs that change something: retry, cancel, clock confirm.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "ackctl/client.h"
#include "ackctl/document.h"
#include "ackctl/printable.h"
#include "ackctl/selection.h"
#include "ackctl/story.h"
#include "ackctl/verb.h"

namespace ackd {
namespace {

// "312...  pending  cancel after the attempt under way", "313...  exhausted  sent again as 314...".
std::string line_of(const Document& done, const std::string& verb) {
  std::string note = verb == "retry" ? "retried" : "cancelled";
  if (text_of(done, "result") == "intent") note = "an attempt is under way: " + verb + " takes effect after it";
  if (const std::string replay = text_of(done, "replay_id"); !replay.empty()) note = "sent again as " + replay;
  if (const std::string next = text_of(done, "next_at"); !next.empty()) note += ", next attempt " + shown_time(next);
  return printable(fmt::format("{}  {}  {}", text_of(done, "id"), text_of(done, "state"), note));
}

class SteerVerb : public SelectionVerb {
 public:
  SteerVerb(CLI::App* command, std::string name) : SelectionVerb(command), name_(std::move(name)) {}

 private:
  ExitCode do_one(NotificationId id, Client& client, const Session& session) override {
    const auto answer = client.post(fmt::format("/v1/notifications/{}/{}", to_string(id), name_), "");
    if (!answer) return give_up(answer.error());
    if (answer->status / 100 != 2) {
      const std::string refusal = refusal_of(*answer);
      const bool named = refusal.find(to_string(id)) != std::string::npos;
      complain(named ? refusal : fmt::format("{}: {}", to_string(id), refusal));
      return ExitCode::kRefused;
    }
    const auto done = parse_document(answer->body, "the daemon's answer");
    if (!done) return give_up(done.error());
    fmt::print("{}\n", session.options.json ? to_line(*done) : line_of(*done, name_));
    return ExitCode::kOk;
  }

  std::string name_;
};

class ClockConfirmVerb : public Verb {
 public:
  explicit ClockConfirmVerb(CLI::App* command) : Verb(command) {}

  ExitCode run(const Session& session) override {
    const auto address = daemon_address(session.options);
    if (!address) return refuse(address.error());
    Client client(*address);
    const auto answer = client.post("/v1/clock/confirm", "");
    if (!answer) return give_up(answer.error());
    if (answer->status / 100 != 2) return give_up({ErrorCode::kConflict, refusal_of(*answer), {}});
    const auto done = parse_document(answer->body.empty() ? "{}" : answer->body, "the daemon's answer");
    if (session.options.json && done) {
      fmt::print("{}\n", to_line(*done));
    } else if (!session.options.json) {
      fmt::print("the system's clock is taken as right; sending goes on\n");
    }
    return ExitCode::kOk;
  }
};

}  // namespace

void add_steering_verbs(CLI::App& app, Verbs& verbs) {
  auto* retry = app.add_subcommand("retry", "Send now, or send an exhausted one again as a new notification");
  retry->footer(
      "Examples:\n  ackctl retry 312345678901234567\n  ackctl ls --state exhausted --all --json | ackctl retry -");
  verbs.push_back(std::make_unique<SteerVerb>(retry, "retry"));
  auto* cancel = app.add_subcommand("cancel", "Send no more; an attempt under way is still judged");
  cancel->footer("Examples:\n  ackctl cancel 312345678901234567\n  ackctl cancel --order 42");
  verbs.push_back(std::make_unique<SteerVerb>(cancel, "cancel"));
  auto* clock = app.add_subcommand("clock", "The daemon's idea of the time")->require_subcommand(1);
  auto* confirm = clock->add_subcommand("confirm", "The system's clock is right, although it was stepped: go on");
  verbs.push_back(std::make_unique<ClockConfirmVerb>(confirm));
}

}  // namespace ackd
