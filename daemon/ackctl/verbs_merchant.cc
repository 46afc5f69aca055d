// The verbs that look at merchants and try them out: merchant ls, show, probe, test-send.
#include <fmt/format.h>
#include <poll.h>

#include <CLI/CLI.hpp>

#include "ackctl/client.h"
#include "ackctl/daemon_answer.h"
#include "ackctl/document.h"
#include "ackctl/merchant_verb.h"
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

constexpr const char* kListExamples = R"(Examples:
  ackctl merchant ls --provider PROVIDER
  ackctl merchant ls --state unverified --json)";

constexpr const char* kShowExamples = R"(Example:
  ackctl merchant show PROVIDER MERCHANT
The first of its keys signs; of the shared keys, those that fill in what its own leave out.)";

constexpr const char* kProbeExamples = R"(Examples:
  ackctl merchant probe PROVIDER MERCHANT
  ackctl merchant probe PROVIDER MERCHANT --no-wait --json
Sends the provider's example, signed with the merchant's real key, once. A merchant whose provider asks for
activation is sent nothing else until its URL has acknowledged one. Exit code 0: acknowledged.)";

constexpr const char* kTestSendExamples = R"(Example:
  ackctl merchant test-send PROVIDER MERCHANT
Sends the provider's example, signed with the merchant's real key, once. Exit code 0: acknowledged.)";

class MerchantListVerb : public DaemonVerb {
 public:
  explicit MerchantListVerb(CLI::App* command) : DaemonVerb(command) {
    command->add_option("--provider", provider_, "Only this provider");
    command->add_option("--state", state_, "active, paused or unverified")
        ->check(CLI::IsMember({"active", "paused", "unverified"}));
    command->add_option("--source", source_, "record (made by ackctl or over the API) or configuration (its file)")
        ->check(CLI::IsMember({"record", "configuration"}));
    command->footer(kListExamples);
  }

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    Table table({"PROVIDER", "MERCHANT", "STATE", "SOURCE", "ACTIVATED", "URL"}, session.terminal);
    const Status listed = each_page_of_merchants(
        client, {{"provider", provider_}, {"state", state_}, {"source", source_}}, [&](const Document& rows) {
          for (const Document& row : rows) print(row, session, table);
          fmt::print("{}", table.take());
        });
    return listed ? ExitCode::kOk : give_up(listed.error());
  }

  static void print(const Document& row, const Session& session, Table& table) {
    if (session.options.json) {
      fmt::print("{}\n", to_line(row));
      return;
    }
    const std::string at = text_of(part_of(row, "activated"), "at");
    table.add({text_of(row, "provider"), text_of(row, "id"), text_of(row, "state"), text_of(row, "source"),
               shown_time(at).substr(0, 19), text_of(row, "url")});
  }

  std::string provider_;
  std::string state_;
  std::string source_;
};

class MerchantShowVerb : public MerchantVerb {
 public:
  using MerchantVerb::MerchantVerb;

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    const Result<Document> merchant = document_of(client.get(path(client)));
    if (!merchant) return give_up(merchant.error());
    print_merchant(*merchant, session);
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
    const Result<Document> made = document_of(client.post(path(client) + "/probe", ""));
    if (!made) return give_up(made.error());
    if (no_wait_) {
      fmt::print("{}\n", session.options.json ? to_line(*made) : printable(text_of(*made, "id")));
      return ExitCode::kOk;
    }
    const std::string id = text_of(*made, "id");
    const Result<Document> outcome = wait_for(id, session.clock.now().boot + *timeout, client, session.clock);
    if (!outcome) return give_up(outcome.error());
    const Result<Document> merchant = document_of(client.get(path(client)));
    if (!merchant) return give_up(merchant.error());
    return report(*outcome, *merchant, session);
  }

  // Until it is over, held, or the time is: the notification as it stands then.
  static Result<Document> wait_for(const std::string& id, BootTime deadline, Client& client, Clock& clock) {
    while (true) {
      Result<Document> found = document_of(client.get("/v1/notifications/" + id));
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
  auto* merchant = app.add_subcommand("merchant", "Who is notified: made, changed, paused, probed, imported");
  merchant->require_subcommand(1);
  verbs.push_back(std::make_unique<MerchantListVerb>(merchant->add_subcommand("ls", "List merchants")));
  auto* show = merchant->add_subcommand("show", "One merchant: URL, hosts, activation, ids of keys, options");
  show->footer(kShowExamples);
  verbs.push_back(std::make_unique<MerchantShowVerb>(show));
  add_merchant_change_verbs(*merchant, verbs);
  add_merchant_import_verbs(*merchant, verbs);
  auto* probe =
      merchant->add_subcommand("probe", "Send a simulated notification; an acknowledgement activates the URL");
  probe->footer(kProbeExamples);
  verbs.push_back(std::make_unique<ProbeVerb>(probe));
  auto* test_send = merchant->add_subcommand("test-send", "Send a simulated notification and show the answer");
  test_send->footer(kTestSendExamples);
  verbs.push_back(std::make_unique<ProbeVerb>(test_send));
}

}  // namespace ackd
