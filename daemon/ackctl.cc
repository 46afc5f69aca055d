// ackctl, the operator's command line: declares the verbs, finds the one that was asked for, runs it.
#include <curl/curl.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <sstream>

#include "ackctl/printable.h"
#include "ackctl/terminal.h"
#include "ackctl/verb.h"
#include "loop/uv_clock.h"

namespace {

using ackd::ExitCode;

constexpr const char* kFooter = R"(Exit codes: 0 ok, 1 not found or refused, 2 usage, 3 the daemon is unreachable.
'ackctl VERB --help' shows a verb's options and examples.)";

void declare_globals(CLI::App& app, ackd::GlobalOptions& options) {
  app.add_option("--socket", options.socket, "The daemon's unix socket, or http://host:port")->envname("ACKD_SOCKET");
  app.add_option("--config", options.config_file, "The daemon's configuration file, to find its socket");
  app.add_option("--schedules", options.schedules_dir, "Folder of provider profiles")->envname("ACKD_SCHEDULES");
  app.add_flag("--json", options.json, "JSON for programs: one document, or one a line");
  app.add_flag("--no-color", options.no_color, "Never use colours");
  app.set_version_flag("--version", "ackctl " ACKD_VERSION);
}

ackd::Verbs declare_verbs(CLI::App& app) {
  ackd::Verbs verbs;
  ackd::add_enqueue_verb(app, verbs);
  ackd::add_queue_verbs(app, verbs);
  ackd::add_steering_verbs(app, verbs);
  ackd::add_job_verbs(app, verbs);
  ackd::add_merchant_verbs(app, verbs);
  ackd::add_key_verbs(app, verbs);
  ackd::add_lane_verbs(app, verbs);
  ackd::add_egress_verbs(app, verbs);
  ackd::add_inbox_verbs(app, verbs);
  ackd::add_offline_verbs(app, verbs);
  ackd::add_provider_verbs(app, verbs);
  ackd::add_verify_verb(app, verbs);
  ackd::add_receive_verb(app, verbs);
  ackd::add_config_verbs(app, verbs);
  return verbs;
}

ExitCode run(const ackd::Verbs& verbs, const ackd::GlobalOptions& options) {
  const ackd::Terminal terminal(ackd::wants_colours(options.no_color));
  ackd::UvClock clock;
  const ackd::Session session{options, terminal, clock};
  for (const auto& verb : verbs) {
    if (verb->asked_for()) return verb->run(session);
  }
  return ExitCode::kUsage;
}

// The library's words repeat what was typed, and what was typed may come from anywhere.
void print_lines(std::FILE* to, const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) fmt::print(to, "{}\n", ackd::printable(line));
}

int exit_with(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = app.exit(error, out, err);
  print_lines(stdout, out.str());
  print_lines(stderr, err.str());
  return code == 0 ? 0 : static_cast<int>(ExitCode::kUsage);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Looks at ackd's queue of payment notifications and steers it.", "ackctl");
  // Global options may stand behind the verb, where people write them.
  app.fallthrough();
  app.require_subcommand(1);
  app.footer(kFooter);
  ackd::GlobalOptions options;
  declare_globals(app, options);
  const ackd::Verbs verbs = declare_verbs(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return exit_with(app, error);
  }
  curl_global_init(CURL_GLOBAL_DEFAULT);
  const ExitCode code = run(verbs, options);
  curl_global_cleanup();
  return static_cast<int>(code);
}
