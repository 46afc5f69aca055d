// The verbs that need no daemon: explain, render.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "ackctl/document.h"
#include "ackctl/explanation.h"
#include "ackctl/provider_files.h"
#include "ackctl/render_request.h"
#include "ackctl/verb.h"
#include "base/time.h"

namespace ackd {
namespace {

constexpr const char* kExplainExamples = R"(Examples:
  ackctl explain PROVIDER
  ackctl explain PROVIDER --from 2026-03-01T12:00:00Z
  ackctl explain PROVIDER --json              [{"attempt":1,"after_s":0},...])";

constexpr const char* kRenderExamples = R"(Example:
  echo '{"fields":{"order_no":"42","amount":12.30},"merchant":{"key":"secret"}}' |
    ackctl render --provider PROVIDER --request -
Prints {"method","url","headers","body","canonical","signature"}. The canonical string may hold the merchant's key.)";

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
    command->footer(kRenderExamples);
  }

  ExitCode run(const Session& session) override {
    const auto profile = find_profile(session.options.schedules_dir, provider_);
    if (!profile) return refuse(profile.error());
    const auto text = read_input(request_);
    if (!text) return refuse(text.error());
    const auto request = read_render_request(*text, provider_, session.clock.now().wall);
    if (!request) return refuse({request.error().code, fmt::format("{}: {}", request_, request.error().message), {}});
    const auto rendered = render_offline(*profile, *request);
    if (!rendered) return refuse(rendered.error());
    fmt::print("{}\n", to_line(document_of(*rendered)));
    return ExitCode::kOk;
  }

 private:
  std::string provider_;
  std::string request_;
};

}  // namespace

void add_offline_verbs(CLI::App& app, Verbs& verbs) {
  auto* explain = app.add_subcommand("explain", "A provider's timetable and rules, and where each comes from");
  verbs.push_back(std::make_unique<ExplainVerb>(explain));
  auto* render = app.add_subcommand("render", "Print the exact request that a set of fields becomes, unsent");
  verbs.push_back(std::make_unique<RenderVerb>(render));
}

}  // namespace ackd
