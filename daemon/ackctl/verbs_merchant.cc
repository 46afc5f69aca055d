// The verbs about merchants: merchant ls, show, probe, test-send.
#include <fmt/format.h>
#include <poll.h>

#include <CLI/CLI.hpp>

#include "ackctl/client.h"
#include "ackctl/document.h"
#include "ackctl/printable.h"
#include "ackctl/story.h"
#include "ackctl/table.h"
#include "ackctl/verb.h"
#include "base/time.h"

namespace ackd {
namespace {

// An answer usually takes tens of milliseconds; ten questions a second cost the daemon nothing.
constexpr int kAskAgainMs = 100;
constexpr const char* kWaitDefault = "60s";

constexpr const char* kProbeExamples = R"(Examples:
  ackctl merchant probe PROVIDER MERCHANT
  ackctl merchant probe PROVIDER MERCHANT --no-wait --json
Sends the provider's example, signed with the merchant's real key, once. A merchant whose provider asks for
activation is sent nothing else until its URL has acknowledged one. Exit code 0: acknowledged.)";

constexpr const char* kTestSendExamples = R"(Example:
  ackctl merchant test-send PROVIDER MERCHANT
Sends the provider's example, signed with the merchant's real key, once. Exit code 0: acknowledged.)";

ErrorCode code_of(int status) {
  return status == 404 ? ErrorCode::kNotFound : ErrorCode::kInvalid;
}

Result<Document> read(const Result<Answer>& answer) {
  if (!answer) return answer.error();
  if (answer->status / 100 != 2) return Error{code_of(answer->status), refusal_of(*answer), {}};
  return parse_document(answer->body, "the daemon's answer");
}

std::string activated_text(const Document& merchant) {
  const Document activated = part_of(merchant, "activated");
  const std::string url = text_of(activated, "url");
  if (url.empty()) return flag_of(merchant, "activation_required") ? "never" : "not asked for";
  return fmt::format("{} UTC, {}", shown_time(text_of(activated, "at")), url);
}

std::string words_of(const Document& list) {
  std::string out;
  for (const auto& [name, value] : list.items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    out += fmt::format("{}{}", out.empty() ? "" : ", ", list.is_object() ? name + "=" + text : text);
  }
  return out;
}

std::string merchant_text(const Document& merchant, const Terminal& terminal) {
  std::string out =
      fmt::format("merchant {}/{}  {}\n", printable(text_of(merchant, "provider")), printable(text_of(merchant, "id")),
                  terminal.paint(text_of(merchant, "state") == "active" ? Ink::kGood : Ink::kWaiting,
                                 printable(text_of(merchant, "state"))));
  const auto add = [&](std::string_view label, const std::string& value) {
    if (!value.empty()) out += fmt::format("  {:<16}{}\n", label, printable(value));
  };
  const std::string url = text_of(merchant, "url");
  add("url", url.empty() ? "none; each notification brings its own" : url);
  add("activated", activated_text(merchant));
  add("held because", text_of(merchant, "reason"));
  add("keys", words_of(part_of(merchant, "keys")));
  add("options", words_of(part_of(merchant, "options")));
  return out;
}

// Options and arguments that name one merchant.
class MerchantVerb : public Verb {
 public:
  explicit MerchantVerb(CLI::App* command) : Verb(command) {
    command->add_option("PROVIDER", provider_, "The provider: a file's name in the schedules folder")->required();
    command->add_option("MERCHANT", merchant_, "The merchant's id with that provider")->required();
  }

  ExitCode run(const Session& session) override {
    const auto address = daemon_address(session.options);
    if (!address) return refuse(address.error());
    Client client(*address);
    return run_with(client, session);
  }

 protected:
  virtual ExitCode run_with(Client& client, const Session& session) = 0;
  std::string path(Client& client) const {
    return fmt::format("/v1/merchants/{}/{}", client.escaped(provider_), client.escaped(merchant_));
  }

 private:
  std::string provider_;
  std::string merchant_;
};

class MerchantListVerb : public Verb {
 public:
  explicit MerchantListVerb(CLI::App* command) : Verb(command) {
    command->add_option("--provider", provider_, "Only this provider");
  }

  ExitCode run(const Session& session) override {
    const auto address = daemon_address(session.options);
    if (!address) return refuse(address.error());
    Client client(*address);
    Table table({"PROVIDER", "MERCHANT", "STATE", "ACTIVATED", "URL"}, session.terminal);
    std::string cursor;
    do {
      std::string path = "/v1/merchants?limit=1000";
      if (!provider_.empty()) path += "&provider=" + client.escaped(provider_);
      if (!cursor.empty()) path += "&cursor=" + client.escaped(cursor);
      const Result<Document> page = read(client.get(path));
      if (!page) return give_up(page.error());
      for (const Document& row : part_of(*page, "merchants")) print(row, session, table);
      fmt::print("{}", table.take());
      cursor = text_of(*page, "next_cursor");
    } while (!cursor.empty());
    return ExitCode::kOk;
  }

 private:
  static void print(const Document& row, const Session& session, Table& table) {
    if (session.options.json) {
      fmt::print("{}\n", to_line(row));
      return;
    }
    const std::string at = text_of(part_of(row, "activated"), "at");
    table.add({text_of(row, "provider"), text_of(row, "id"), text_of(row, "state"), shown_time(at).substr(0, 19),
               text_of(row, "url")});
  }

  std::string provider_;
};

class MerchantShowVerb : public MerchantVerb {
 public:
  using MerchantVerb::MerchantVerb;

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    const Result<Document> merchant = read(client.get(path(client)));
    if (!merchant) return give_up(merchant.error());
    fmt::print("{}", session.options.json ? to_line(*merchant) + "\n" : merchant_text(*merchant, session.terminal));
    return ExitCode::kOk;
  }
};

// probe and test-send: the same request, the same waiting; only their help differs.
class ProbeVerb : public MerchantVerb {
 public:
  explicit ProbeVerb(CLI::App* command) : MerchantVerb(command) {
    auto* timeout = command->add_option("--timeout", timeout_, "How long to wait for the outcome: 500ms, 30s, 2m")
                        ->capture_default_str();
    command->add_flag("--no-wait", no_wait_, "Only record it; `ackctl show` tells the outcome later")
        ->excludes(timeout);
  }

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    const Result<Duration> timeout = parse_duration(timeout_);
    if (!timeout) {
      complain("--timeout: " + timeout.error().message);
      return ExitCode::kUsage;
    }
    const Result<Document> made = read(client.post(path(client) + "/probe", ""));
    if (!made) return give_up(made.error());
    if (no_wait_) {
      fmt::print("{}\n", session.options.json ? to_line(*made) : printable(text_of(*made, "id")));
      return ExitCode::kOk;
    }
    const std::string id = text_of(*made, "id");
    const Result<Document> outcome = wait_for(id, session.clock.now().boot + *timeout, client, session.clock);
    if (!outcome) return give_up(outcome.error());
    const Result<Document> merchant = read(client.get(path(client)));
    if (!merchant) return give_up(merchant.error());
    return report(*outcome, *merchant, session);
  }

  // Until it is over, held, or the time is: the notification as it stands then.
  static Result<Document> wait_for(const std::string& id, BootTime deadline, Client& client, Clock& clock) {
    while (true) {
      Result<Document> found = read(client.get("/v1/notifications/" + id));
      if (!found || text_of(*found, "state") != "pending" || clock.now().boot >= deadline) return found;
      ::poll(nullptr, 0, kAskAgainMs);
    }
  }

  ExitCode report(const Document& probe, const Document& merchant, const Session& session) const {
    const bool acknowledged = text_of(probe, "state") == "delivered";
    if (session.options.json) {
      const Document result{{"acknowledged", acknowledged}, {"notification", probe}, {"merchant", merchant}};
      fmt::print("{}\n", to_line(result));
    } else {
      fmt::print("{}\n{}", story_of(probe, session.terminal), merchant_text(merchant, session.terminal));
    }
    if (!acknowledged && text_of(probe, "state") == "pending") {
      complain(fmt::format("no outcome within {}; `ackctl show {}` tells it later", timeout_, text_of(probe, "id")));
    }
    return acknowledged ? ExitCode::kOk : ExitCode::kRefused;
  }

  std::string timeout_ = kWaitDefault;
  bool no_wait_ = false;
};

}  // namespace

void add_merchant_verbs(CLI::App& app, Verbs& verbs) {
  auto* merchant = app.add_subcommand("merchant", "Who is notified, and whether its URL has proved itself");
  merchant->require_subcommand(1);
  verbs.push_back(std::make_unique<MerchantListVerb>(merchant->add_subcommand("ls", "List merchants")));
  verbs.push_back(std::make_unique<MerchantShowVerb>(
      merchant->add_subcommand("show", "One merchant: URL, activation, key ids, options")));
  auto* probe =
      merchant->add_subcommand("probe", "Send a simulated notification; an acknowledgement activates the URL");
  probe->footer(kProbeExamples);
  verbs.push_back(std::make_unique<ProbeVerb>(probe));
  auto* test_send = merchant->add_subcommand("test-send", "Send a simulated notification and show the answer");
  test_send->footer(kTestSendExamples);
  verbs.push_back(std::make_unique<ProbeVerb>(test_send));
}

}  // namespace ackd
