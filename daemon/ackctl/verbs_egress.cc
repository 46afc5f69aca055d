// The verbs about what requests may reach: egress check, ls, show.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "ackctl/daemon_answer.h"
#include "ackctl/daemon_verb.h"
#include "ackctl/document.h"
#include "ackctl/merchant_verb.h"
#include "ackctl/printable.h"
#include "ackctl/story.h"
#include "ackctl/table.h"
#include "profile/egress_options.h"

namespace ackd {
namespace {

constexpr const char* kCheckExamples = R"(Examples:
  ackctl egress check https://shop.example/notify
  ackctl egress check --provider PROVIDER --merchant MERCHANT
Looks the host up and judges the URL and every address as for a request, and sends none. With a merchant its own
settings count too, and without a URL it is the merchant's. Exit code 1: a request would be refused, or find no host.)";

constexpr const char* kListExamples = R"(Examples:
  ackctl egress ls
  ackctl egress ls --json
Merchants whose requests leave otherwise than everybody's: addresses and ports of their own, certificates, a proxy. A
loosening shows the moment at which it ends.)";

constexpr const char* kShowExamples = R"(Example:
  ackctl egress show
What the configuration lets requests reach, and the names that merchants' options may use.)";

std::string verdict_text(const Document& part) {
  return flag_of(part, "allowed") ? "allowed" : "refused: " + text_of(part, "reason");
}

// What the lookup came to, where that is not a list of addresses.
std::string lookup_text(const Document& finding) {
  const std::string lookup = text_of(finding, "lookup");
  if (lookup == "not_found") return "there is no such host: " + text_of(finding, "detail");
  if (lookup == "failed") return "no name server answered: " + text_of(finding, "detail");
  return {};
}

std::string finding_text(const Document& finding) {
  std::string out = printable(text_of(finding, "url")) + "\n";
  const auto add = [&](std::string_view label, const std::string& value) {
    if (!value.empty()) out += fmt::format("  {:<16}{}\n", label, printable(value));
  };
  add("verdict", verdict_text(finding));
  add("host", fmt::format("{}, port {}", text_of(finding, "host"), text_of(finding, "port")));
  add("lookup", lookup_text(finding));
  for (const Document& address : part_of(finding, "addresses")) {
    add("address", text_of(address, "address") + "  " + verdict_text(address));
  }
  const Document way = part_of(finding, "way");
  for (const auto& [name, value] : way.items()) add(name, text_of(way, name.c_str()));
  return out;
}

class EgressCheckVerb : public DaemonVerb {
 public:
  explicit EgressCheckVerb(CLI::App* command) : DaemonVerb(command) {
    command->add_option("URL", url_, "What a request would go to; without it the merchant's own URL");
    auto* provider = command->add_option("--provider", provider_, "With the settings of one of its merchants");
    auto* merchant = command->add_option("--merchant", merchant_, "The merchant's id with that provider");
    provider->needs(merchant);
    merchant->needs(provider);
    command->footer(kCheckExamples);
  }

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    std::string path = "/v1/egress/check?";
    if (!url_.empty()) path += "url=" + client.escaped(url_) + "&";
    if (!provider_.empty()) {
      path += fmt::format("provider={}&merchant={}", client.escaped(provider_), client.escaped(merchant_));
    }
    const Result<Document> finding = document_of(client.get(path));
    if (!finding) return give_up(finding.error());
    fmt::print("{}", session.options.json ? to_line(*finding) + "\n" : finding_text(*finding));
    const bool goes = flag_of(*finding, "allowed") && lookup_text(*finding).empty();
    return goes ? ExitCode::kOk : ExitCode::kRefused;
  }

  std::string url_;
  std::string provider_;
  std::string merchant_;
};

class EgressListVerb : public DaemonVerb {
 public:
  explicit EgressListVerb(CLI::App* command) : DaemonVerb(command) { command->footer(kListExamples); }

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    Table table({"PROVIDER", "MERCHANT", "OPTION", "VALUE"}, session.terminal);
    const Status listed = each_page_of_merchants(client, {}, [&](const Document& rows) {
      for (const Document& row : rows) print(row, session, table);
      fmt::print("{}", table.take());
    });
    return listed ? ExitCode::kOk : give_up(listed.error());
  }

  static void print(const Document& row, const Session& session, Table& table) {
    const Document options = part_of(row, "options");
    for (const std::string& name : egress_option_names()) {
      const std::string value = text_of(options, name.c_str());
      if (value.empty()) continue;
      const Document line{
          {"provider", text_of(row, "provider")}, {"merchant", text_of(row, "id")}, {"option", name}, {"value", value}};
      if (session.options.json) {
        fmt::print("{}\n", to_line(line));
      } else {
        table.add({text_of(row, "provider"), text_of(row, "id"), name, value});
      }
    }
  }
};

std::string policy_text(const Document& policy) {
  std::string out;
  for (const auto& [name, value] : policy.items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (value.empty() || text.empty()) continue;
    out += fmt::format("{:<22}{}\n", name, printable(text));
  }
  return out;
}

class EgressShowVerb : public DaemonVerb {
 public:
  explicit EgressShowVerb(CLI::App* command) : DaemonVerb(command) { command->footer(kShowExamples); }

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    const Result<Document> policy = document_of(client.get("/v1/egress"));
    if (!policy) return give_up(policy.error());
    fmt::print("{}", session.options.json ? to_line(*policy) + "\n" : policy_text(*policy));
    return ExitCode::kOk;
  }
};

}  // namespace

void add_egress_verbs(CLI::App& app, Verbs& verbs) {
  auto* egress =
      app.add_subcommand("egress", "Where requests may go: the policy, and merchants with settings of their own");
  egress->require_subcommand(1);
  verbs.push_back(std::make_unique<EgressCheckVerb>(
      egress->add_subcommand("check", "What would become of a request to a URL, and why")));
  verbs.push_back(std::make_unique<EgressListVerb>(
      egress->add_subcommand("ls", "Merchants with settings of their own, loosenings among them")));
  verbs.push_back(std::make_unique<EgressShowVerb>(egress->add_subcommand("show", "The policy of the configuration")));
}

}  // namespace ackd
