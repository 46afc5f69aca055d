// The verbs that change something: retry, cancel, hold, release, resend, clock confirm.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "ackctl/bulk_steering.h"
#include "ackctl/client.h"
#include "ackctl/daemon_answer.h"
#include "ackctl/daemon_verb.h"
#include "ackctl/document.h"
#include "ackctl/filter_options.h"
#include "ackctl/printable.h"
#include "ackctl/selection.h"
#include "ackctl/story.h"
#include "ackctl/verb.h"

namespace ackd {
namespace {

// What each verb is called, and what to say when it is done.
struct Steering {
  const char* name;
  const char* done;
  const char* help;
  const char* examples;
};

constexpr Steering kSteerings[] = {
    {"retry", "retried", "Send now, or send an exhausted one again as a new notification",
     "Examples:\n"
     "  ackctl retry 312345678901234567\n"
     "  ackctl ls --state exhausted --all --json | ackctl retry -\n"
     "  ackctl retry --state exhausted --merchant 42 --since 2026-03-01T00:00:00Z"},
    {"cancel", "cancelled", "Send no more; an attempt under way is still judged",
     "Examples:\n"
     "  ackctl cancel 312345678901234567\n"
     "  ackctl cancel --order 42\n"
     "  ackctl cancel --provider PROVIDER --merchant 42 --dry-run"},
    {"hold", "held", "Send nothing until it is released",
     "Examples:\n"
     "  ackctl hold 312345678901234567 --reason 'the merchant asked us to wait'\n"
     "  ackctl hold --state pending --host shop.example"},
    {"release", "released", "Let what is held go on, at the time that it had",
     "Examples:\n"
     "  ackctl release 312345678901234567\n"
     "  ackctl release --merchant 42"},
    {"resend", "sent again", "Send what has ended, however, again as a new notification",
     "Examples:\n"
     "  ackctl resend 312345678901234567\n"
     "  ackctl resend --state delivered --merchant 42 --since 2026-03-01T00:00:00Z --until 2026-03-02T00:00:00Z"},
};

constexpr const char* kByFilter = R"(

By filter, the daemon changes all that match, the newest first, as a job that goes on after a restart. On a terminal
the matches are counted and you are asked first; elsewhere --yes is needed. Ctrl-C leaves the job running.
'ackctl job' shows, follows and stops jobs.)";

// "312...  pending  cancel after the attempt under way", "313...  exhausted  sent again as 314...".
std::string line_of(const Document& done, const Steering& steering) {
  std::string note = steering.done;
  if (text_of(done, "result") == "intent") {
    note = fmt::format("an attempt is under way: {} takes effect after it", steering.name);
  }
  if (const std::string replay = text_of(done, "replay_id"); !replay.empty()) note = "sent again as " + replay;
  if (const std::string next = text_of(done, "next_at"); !next.empty()) note += ", next attempt " + shown_time(next);
  return printable(fmt::format("{}  {}  {}", text_of(done, "id"), text_of(done, "state"), note));
}

class SteerVerb : public Verb {
 public:
  SteerVerb(CLI::App* command, const Steering& steering) : Verb(command), steering_(steering) {
    declare_selection(*command, selection_);
    declare_filter(*command, filter_);
    command->add_flag("--all", all_, "Every notification that the verb can change; with a filter it means nothing");
    command->add_option("--reason", reason_, "Kept with each notification and shown to people");
    command->add_flag("--dry-run", dry_run_, "By filter: only count what matches");
    command->add_flag("--yes,-y", yes_, "By filter: do not ask");
    command->add_flag("--no-wait", no_wait_, "By filter: start the job, print its id and do not wait");
  }

  ExitCode run(const Session& session) override {
    if (const Status sense = check_usage(); !sense) {
      complain(sense.error().message);
      return ExitCode::kUsage;
    }
    const auto address = daemon_address(session.options);
    if (!address) return refuse(address.error());
    Client client(*address);
    return is_by_filter() ? steer_all(client, session) : steer_each(client, session);
  }

 private:
  bool is_by_filter() const { return all_ || !parameters_of(filter_).empty(); }

  Status check_usage() const {
    if (is_by_filter() && !selection_.ids.empty()) {
      return invalid("ids name notifications one by one, and a filter names all that match it; give one of the two");
    }
    if (is_by_filter()) return Done{};
    if (dry_run_ || yes_ || no_wait_) {
      return invalid(
          "--dry-run, --yes and --no-wait are for notifications named by filter, such as --merchant or --all");
    }
    if (!is_empty(selection_)) return Done{};
    return invalid(
        "name notifications by id, '-' for ids on standard input, --order NUMBER, or a filter such as --merchant");
  }

  ExitCode steer_all(Client& client, const Session& session) {
    FilterOptions filter = filter_;
    filter.order = selection_.order;
    return steer_by_filter({steering_.name, filter_document(filter), all_, reason_, dry_run_, yes_, no_wait_}, client,
                           session);
  }

  ExitCode steer_each(Client& client, const Session& session) {
    const auto ids = resolve(selection_, client, std::cin);
    if (!ids) return give_up_selection(ids.error());
    return do_each(*ids, [&](NotificationId id) { return steer_one(id, client, session); });
  }

  ExitCode steer_one(NotificationId id, Client& client, const Session& session) {
    const std::string body = reason_.empty() ? std::string() : to_line({{"reason", reason_}});
    const auto answer = client.post(fmt::format("/v1/notifications/{}/{}", to_string(id), steering_.name), body);
    if (!answer) return give_up(answer.error());
    if (answer->status / 100 != 2) {
      const std::string refusal = refusal_of(*answer);
      const bool named = refusal.find(to_string(id)) != std::string::npos;
      complain(named ? refusal : fmt::format("{}: {}", to_string(id), refusal));
      return ExitCode::kRefused;
    }
    const auto done = parse_document(answer->body, "the daemon's answer");
    if (!done) return give_up(done.error());
    fmt::print("{}\n", session.options.json ? to_line(*done) : line_of(*done, steering_));
    return ExitCode::kOk;
  }

  const Steering& steering_;
  Selection selection_;
  FilterOptions filter_;
  bool all_ = false;
  std::string reason_;
  bool dry_run_ = false;
  bool yes_ = false;
  bool no_wait_ = false;
};

class ClockConfirmVerb : public DaemonVerb {
 public:
  explicit ClockConfirmVerb(CLI::App* command) : DaemonVerb(command) {}

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    const auto done = document_of(client.post("/v1/clock/confirm", ""));
    if (!done) return give_up(done.error());
    fmt::print("{}\n", session.options.json ? to_line(*done) : "the system's clock is taken as right; sending goes on");
    return ExitCode::kOk;
  }
};

}  // namespace

void add_steering_verbs(CLI::App& app, Verbs& verbs) {
  for (const Steering& steering : kSteerings) {
    auto* command = app.add_subcommand(steering.name, steering.help);
    command->footer(std::string(steering.examples) + kByFilter);
    verbs.push_back(std::make_unique<SteerVerb>(command, steering));
  }
  auto* clock = app.add_subcommand("clock", "The daemon's idea of the time")->require_subcommand(1);
  auto* confirm = clock->add_subcommand("confirm", "The system's clock is right, although it was stepped: go on");
  verbs.push_back(std::make_unique<ClockConfirmVerb>(confirm));
}

}  // namespace ackd
