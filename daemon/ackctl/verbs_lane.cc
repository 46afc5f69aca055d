// The verbs about lanes: lane ls, lane show.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <utility>
#include <vector>

#include "ackctl/daemon_answer.h"
#include "ackctl/daemon_verb.h"
#include "ackctl/printable.h"
#include "ackctl/story.h"
#include "ackctl/table.h"

namespace ackd {
namespace {

constexpr const char* kListExamples = R"(Examples:
  ackctl lane ls
  ackctl lane ls --host https://shop.example
A lane is one merchant, or one other host that its notifications name. Those with pending notifications are listed.)";

constexpr const char* kShowExamples = R"(Example:
  ackctl lane show PROVIDER MERCHANT
Shows every lane of the merchant. Exit code 1: it has nothing pending, or it does not exist.)";

// The daemon's lanes, page by page. A page may be empty and have a cursor.
class LanePages {
 public:
  using Filters = std::vector<std::pair<std::string, std::string>>;

  LanePages(Client& client, const Filters& filters) : client_(client), path_("/v1/lanes?limit=1000") {
    for (const auto& [name, value] : filters) {
      if (!value.empty()) path_ += fmt::format("&{}={}", name, client_.escaped(value));
    }
  }

  bool ended() const { return ended_; }
  // REQUIRES: not ended().
  Result<Document> next() {
    const Result<Document> page =
        document_of(client_.get(cursor_.empty() ? path_ : path_ + "&cursor=" + client_.escaped(cursor_)));
    if (!page) return page.error();
    cursor_ = text_of(*page, "next_cursor");
    ended_ = cursor_.empty();
    return part_of(*page, "lanes");
  }

 private:
  Client& client_;
  std::string path_;
  std::string cursor_;
  bool ended_ = false;
};

std::string share(const Document& lane, const char* part, const char* whole) {
  return fmt::format("{} of {}", text_of(lane, part), text_of(lane, whole));
}

std::string lane_text(const Document& lane) {
  const std::string host = text_of(lane, "host");
  const std::string opens_at = shown_time(text_of(lane, "opens_at"));
  std::string out =
      printable(fmt::format("lane {}/{}  {}", text_of(lane, "provider"), text_of(lane, "merchant"), host)) + "\n";
  const auto add = [&](const char* label, const std::string& value) {
    if (!value.empty()) out += fmt::format("  {:<16}{}\n", label, printable(value));
  };
  add("in flight", share(lane, "in_flight", "window"));
  if (flag_of(lane, "untried")) add("untried", "its merchant has not answered yet: one request at a time");
  if (flag_of(lane, "squeezed")) add("squeezed", "its merchant fails: one request at a time, with growing pauses");
  if (flag_of(lane, "paused")) {
    const std::string until = shown_time(text_of(lane, "paused_until"));
    add("paused", until.empty() ? "until an operator resumes its merchant" : "until " + until + " UTC");
  }
  add("rate", rate_text(lane));
  add("rate of host", rate_text(lane, "host_"));
  add("at hand", text_of(lane, "buffered"));
  add("closed until", opens_at.empty() ? opens_at : opens_at + " UTC");
  add("last trouble", text_of(lane, "trouble"));
  if (flag_of(lane, "held_back")) add("held back", "sending to its host is suspended; see 'ackctl stats'");
  add("host", host.empty() ? "none: the merchant has no URL"
                           : share(lane, "host_in_flight", "host_ceiling") + " requests in flight to it");
  return out;
}

class LaneListVerb : public DaemonVerb {
 public:
  explicit LaneListVerb(CLI::App* command) : DaemonVerb(command) {
    command->add_option("--provider", provider_, "Only this provider");
    command->add_option("--merchant", merchant_, "Only this merchant");
    command->add_option("--host", host_, "Only this host: scheme://host, and :port where it is not the scheme's");
    command->footer(kListExamples);
  }

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    LanePages pages(client, {{"provider", provider_}, {"merchant", merchant_}, {"host", host_}});
    Table table({"PROVIDER", "MERCHANT", "HOST", "IN FLIGHT", "AT HAND", "CLOSED UNTIL", "TROUBLE"}, session.terminal);
    while (!pages.ended()) {
      const Result<Document> page = pages.next();
      if (!page) return give_up(page.error());
      for (const Document& lane : *page) print(lane, session, table);
      fmt::print("{}", table.take());
    }
    return ExitCode::kOk;
  }

  static void print(const Document& lane, const Session& session, Table& table) {
    if (session.options.json) {
      fmt::print("{}\n", to_line(lane));
      return;
    }
    table.add({text_of(lane, "provider"), text_of(lane, "merchant"), text_of(lane, "host"),
               share(lane, "in_flight", "window"), text_of(lane, "buffered"), shown_time(text_of(lane, "opens_at")),
               text_of(lane, "trouble")});
  }

  std::string provider_;
  std::string merchant_;
  std::string host_;
};

class LaneShowVerb : public DaemonVerb {
 public:
  explicit LaneShowVerb(CLI::App* command) : DaemonVerb(command) {
    command->add_option("PROVIDER", provider_, "The provider: a file's name in the schedules folder")->required();
    command->add_option("MERCHANT", merchant_, "The merchant's id with that provider")->required();
    command->footer(kShowExamples);
  }

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    LanePages pages(client, {{"provider", provider_}, {"merchant", merchant_}});
    bool any = false;
    while (!pages.ended()) {
      const Result<Document> page = pages.next();
      if (!page) return give_up(page.error());
      any = any || !page->empty();
      for (const Document& lane : *page) {
        fmt::print("{}", session.options.json ? to_line(lane) + "\n" : lane_text(lane));
      }
    }
    if (any) return ExitCode::kOk;
    complain(fmt::format("merchant {}/{} has no lane: nothing is pending for it", provider_, merchant_));
    return ExitCode::kRefused;
  }

  std::string provider_;
  std::string merchant_;
};

}  // namespace

void add_lane_verbs(CLI::App& app, Verbs& verbs) {
  auto* lane = app.add_subcommand("lane", "What waits for which merchant, and what keeps it waiting");
  lane->require_subcommand(1);
  verbs.push_back(std::make_unique<LaneListVerb>(lane->add_subcommand("ls", "List lanes with pending notifications")));
  verbs.push_back(std::make_unique<LaneShowVerb>(lane->add_subcommand("show", "One merchant's lanes")));
}

}  // namespace ackd
