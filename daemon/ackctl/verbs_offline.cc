// The verbs that need no daemon: explain, render.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "ackctl/document.h"
#include "ackctl/explanation.h"
#include "ackctl/given_merchant.h"
#include "ackctl/provider_files.h"
#include "ackctl/render_request.h"
#include "ackctl/verb.h"
#include "base/time.h"
#include "loop/system_rng.h"

namespace ackd {
namespace {

constexpr const char* kExplainExamples = R"(Examples:
  ackctl explain PROVIDER
  ackctl explain PROVIDER --from 2026-03-01T12:00:00Z
  ackctl explain PROVIDER --json              [{"attempt":1,"after_s":0},...])";

constexpr const char* kRenderExamples = R"(Examples:
  echo '{"fields":{"order_no":"42","amount":12.30},"merchant":{"key":"secret"}}' |
    ackctl render --provider PROVIDER --request -
  ackctl render --provider PROVIDER --request fields.json --config config.yaml --merchant 10002
The request may hold: fields (an object, or a list of [name, value]), type, body, url, now (unix seconds), nonce, and
merchant: {id, key, private_key, url, options}, or keys: [{id, key, private_key}] during a rotation.
Prints {"method","url","headers","body","canonical","signature"}. The canonical string may hold the merchant's key.
Required fields that are missing are named on standard error and under "refused_at_admission".)";

class ExplainVerb : public Verb {
 public:
  explicit ExplainVerb(CLI::App* command) : Verb(command) {
    command->add_option("PROVIDER", provider_, "The provider: a file's name in the schedules folder")->required();
    command->add_option("--from", from_, "RFC 3339 time of the first attempt; default: now");
    command->footer(kExplainExamples);
  }

  ExitCode run(const Session& session) override {
    WallTime from = session.clock.now().wall;
    if (!from_.empty()) {
      const auto at = parse_rfc3339(from_);
      if (!at) {
        complain("--from: " + at.error().message);
        return ExitCode::kUsage;
      }
      from = WallTime{*at};
    }
    const auto profile = find_profile(session.options.schedules_dir, provider_);
    if (!profile) return refuse(profile.error());
    fmt::print("{}", session.options.json ? to_line(timetable_of(profile->schedule)) + "\n"
                                          : explanation_of(*profile, from, session.terminal));
    return ExitCode::kOk;
  }

 private:
  std::string provider_;
  std::string from_;
};

class RenderVerb : public Verb {
 public:
  explicit RenderVerb(CLI::App* command) : Verb(command) {
    command->add_option("--provider", provider_, "The provider: a file's name in the schedules folder")->required();
    command->add_option("--request", request_, "File with the JSON description; - is standard input")->required();
    command->add_option("--merchant", merchant_, "With --config: the key, options and URL of this merchant");
    command->footer(kRenderExamples);
  }

  ExitCode run(const Session& session) override {
    if (!merchant_.empty() && session.options.config_file.empty()) {
      complain("--merchant names a merchant of the configuration; give --config FILE too");
      return ExitCode::kUsage;
    }
    GivenMerchant given;
    given.id = merchant_;
    auto protocol = read_given(session.options, provider_, given);
    if (!protocol) return refuse(protocol.error());
    const auto text = read_input(request_);
    if (!text) return refuse(text.error());
    SystemRng rng;
    auto request = read_render_request(*text, provider_, session.clock.now().wall, rng);
    if (request && !merchant_.empty() && request->names_merchant) {
      request = invalid("the merchant is taken from the configuration; leave the member merchant out");
    }
    if (!request) return refuse({request.error().code, fmt::format("{}: {}", request_, request.error().message), {}});
    if (!merchant_.empty()) request->merchant = std::move(protocol->merchant);
    const auto rendered = render_offline(protocol->profile, *request);
    if (!rendered) return refuse(rendered.error());
    fmt::print("{}\n", to_line(document_of(*rendered)));
    for (const std::string& refused : rendered->refused) complain("admission would refuse this: " + refused);
    return ExitCode::kOk;
  }

 private:
  std::string provider_;
  std::string request_;
  std::string merchant_;
};

}  // namespace

void add_offline_verbs(CLI::App& app, Verbs& verbs) {
  auto* explain = app.add_subcommand("explain", "A provider's timetable and rules, and where each comes from");
  verbs.push_back(std::make_unique<ExplainVerb>(explain));
  auto* render = app.add_subcommand("render", "Print the exact request that a set of fields becomes, unsent");
  verbs.push_back(std::make_unique<RenderVerb>(render));
}

}  // namespace ackd
