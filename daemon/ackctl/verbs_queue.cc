// The verbs that look and change nothing: ls, show, why, stats.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>

#include "ackctl/curl_command.h"
#include "ackctl/daemon_answer.h"
#include "ackctl/daemon_verb.h"
#include "ackctl/document.h"
#include "ackctl/filter_options.h"
#include "ackctl/list_pages.h"
#include "ackctl/printable.h"
#include "ackctl/selection.h"
#include "ackctl/story.h"
#include "ackctl/table.h"
#include "base/time.h"

namespace ackd {
namespace {

constexpr const char* kListExamples = R"(Examples:
  ackctl ls                                   the newest 50
  ackctl ls --state pending --provider PROVIDER
  ackctl ls --order 42                        everything about one order
  ackctl ls --host shop.example --tag region=eu
  ackctl ls --state exhausted --all --json | ackctl retry -
Times are UTC.)";

constexpr const char* kShowExamples = R"(Examples:
  ackctl show 312345678901234567
  ackctl show --order 42
  ackctl show 312345678901234567 --curl         the signed request as a command line; running it really notifies
  ackctl show 312345678901234567 --curl --json  the same as {"method","url","headers","body"}
Times are UTC.)";

// Seconds are enough for a table's eye; `show` has the milliseconds.
std::string time_cell(const Document& row) {
  const std::string next = text_of(row, "next_at");
  return shown_time(next.empty() ? text_of(row, "finished_at") : next).substr(0, 19);
}

class ListVerb : public DaemonVerb {
 public:
  explicit ListVerb(CLI::App* command) : DaemonVerb(command) {
    declare_filter(*command, filter_);
    command->add_option("--order,--subject", filter_.order, "Only this order number")->check(refuse_empty);
    auto* limit = command->add_option("--limit", limit_, "At most so many rows")
                      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
                      ->capture_default_str();
    command->add_flag("--all", all_, "Every row, however many")->excludes(limit);
    command->footer(kListExamples);
  }

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    ListPages pages(client, parameters_of(filter_), all_ ? std::numeric_limits<std::size_t>::max() : limit_);
    Table table({"ID", "STATE", "PROVIDER", "MERCHANT", "SUBJECT", "ATTEMPTS", "NEXT/FINISHED", "REASON"},
                session.terminal);
    std::size_t shown = 0;
    while (!pages.ended()) {
      const auto rows = pages.next();
      if (!rows) return give_up(rows.error());
      shown += rows->size();
      for (const Document& row : *rows) print(row, session, table);
      fmt::print("{}", table.take());
    }
    if (shown == 0 && !session.options.json) fmt::print(stderr, "ackctl: no notification matches\n");
    if (pages.cut()) fmt::print(stderr, "ackctl: more rows follow; --limit N or --all shows them\n");
    return ExitCode::kOk;
  }

  static void print(const Document& row, const Session& session, Table& table) {
    if (session.options.json) {
      fmt::print("{}\n", to_line(row));
      return;
    }
    table.add({text_of(row, "id"), text_of(row, "state"), text_of(row, "provider"), text_of(row, "merchant"),
               text_of(row, "subject"), text_of(row, "attempts"), time_cell(row), text_of(row, "reason")});
  }

  FilterOptions filter_;
  std::size_t limit_ = 50;
  bool all_ = false;
};

// One way to look at a notification: where its document is, and the text that is made of it.
struct Look {
  const char* path_end;
  std::string (*text)(const Document&, const Terminal&);
};

// The comment is for whoever pastes the command without having read this.
std::string curl_text(const Document& request, const Terminal&) {
  return fmt::format("# Notification {}, signed just now. Running this sends the merchant a genuine notification.\n{}",
                     printable(text_of(request, "id")), curl_command(request));
}

class LookVerb : public SelectionVerb {
 public:
  LookVerb(CLI::App* command, Look look) : SelectionVerb(command), look_(look) {}

  // `flag` asks for another look.
  void offer(CLI::App& command, const char* flag, Look other, const char* help) {
    command.add_flag_callback(
        flag, [this, other] { look_ = other; }, help);
  }

 private:
  void begin(std::size_t count, const Session& session) override {
    if (order().empty() || count < 2 || session.options.json) return;
    fmt::print("{} notifications of order {}, the newest first\n\n", count, printable(order()));
  }

  ExitCode do_one(NotificationId id, Client& client, const Session& session) override {
    const auto document = document_of(client.get(fmt::format("/v1/notifications/{}{}", to_string(id), look_.path_end)));
    if (!document) return give_up(document.error());
    if (session.options.json) {
      fmt::print("{}\n", to_line(*document));
    } else {
      fmt::print("{}{}", is_first_ ? "" : "\n", look_.text(*document, session.terminal));
      is_first_ = false;
    }
    return ExitCode::kOk;
  }

  Look look_;
  bool is_first_ = true;
};

std::string value_text(const Document& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

class StatsVerb : public DaemonVerb {
 public:
  explicit StatsVerb(CLI::App* command) : DaemonVerb(command) {}

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    const auto stats = document_of(client.get("/v1/stats"));
    if (!stats) return give_up(stats.error());
    fmt::print("{}", session.options.json ? to_line(*stats) + "\n" : tables(*stats, session.terminal));
    return ExitCode::kOk;
  }

  // What nobody may overlook among the numbers.
  static std::string alarm(const Document& engine) {
    if (text_of(engine, "sending") != "suspended") return {};
    return fmt::format(
        "SENDING IS SUSPENDED since {}: {} hosts cannot be connected to, {} answer. No attempt is used up, and it goes "
        "on "
        "by itself; check this machine's network, resolver, proxy and firewall\n\n",
        printable(shown_time(text_of(engine, "sending_since"))), number_of(engine, "hosts_failing"),
        number_of(engine, "hosts_reached"));
  }

  static std::string tables(const Document& stats, const Terminal& terminal) {
    const auto uptime = std::chrono::seconds(number_of(stats, "uptime_s"));
    std::string out = fmt::format("ackd {}, process {}, up {}\n\n", printable(text_of(stats, "version")),
                                  number_of(stats, "pid"), format_duration(uptime));
    out += alarm(part_of(stats, "engine"));
    Table record({"RECORD", "COUNT"}, terminal);
    const Document counts = part_of(stats, "counts");
    for (const auto& [state, count] : counts.items()) record.add({state, value_text(count)});
    for (const char* name : {"admitted", "attempts", "possibly_sent", "silent_resends"}) {
      record.add({name, text_of(stats, name)});
    }
    Table engine({"ENGINE", "VALUE"}, terminal);
    const Document values = part_of(stats, "engine");
    for (const auto& [name, value] : values.items()) engine.add({name, value_text(value)});
    return out + record.take() + "\n" + engine.take();
  }
};

}  // namespace

void add_queue_verbs(CLI::App& app, Verbs& verbs) {
  verbs.push_back(std::make_unique<ListVerb>(app.add_subcommand("ls", "List notifications, the newest first")));
  auto* show = app.add_subcommand("show", "The whole story of notifications: every attempt, and what comes next");
  show->footer(kShowExamples);
  auto show_verb = std::make_unique<LookVerb>(show, Look{"", story_of});
  show_verb->offer(*show, "--curl", {"/request", curl_text},
                   "The request as it would be sent now, as a command of curl");
  verbs.push_back(std::move(show_verb));
  auto* why = app.add_subcommand("why", "Why notifications are not delivered, or not yet");
  why->footer("Examples:\n  ackctl why 312345678901234567\n  ackctl ls --state held --json | ackctl why -");
  verbs.push_back(std::make_unique<LookVerb>(why, Look{"/why", reason_of}));
  verbs.push_back(std::make_unique<StatsVerb>(app.add_subcommand("stats", "Counts of the record and of the engine")));
}

}  // namespace ackd
