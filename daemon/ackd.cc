// ackd: the daemon. Reads its command line and configuration, then hands over to the composition.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <system_error>

#include "ackd/composition.h"
#include "ackd/process_limits.h"
#include "ackd/protocols.h"
#include "inbox/sqlite_source.h"

namespace {

int fail(const ackd::Error& error) {
  std::fprintf(stderr, "ackd: %s\n", error.message.c_str());
  return 1;
}

// Trouble with the platform's file is no mistake of the configuration: the daemon would start and wait for it.
void check_inbox(const ackd::Config& config) {
  if (config.inbox.sqlite.empty()) return;
  const ackd::SourceLook look = ackd::SqliteSource(config.inbox.sqlite).look({}, {});
  if (look.trouble) {
    std::printf("the inbox cannot be read now: %s\n", look.trouble->message.c_str());
  } else {
    std::printf("the inbox %s is one, with %lld as its newest row\n", config.inbox.sqlite.c_str(),
                static_cast<long long>(look.newest));
  }
}

int check(const ackd::Config& config) {
  const auto catalogue = ackd::check_protocols(config);
  if (!catalogue) return fail(catalogue.error());
  ackd::UvClock clock;
  if (const ackd::Status sound = ackd::check_loosenings(config, clock.now().wall); !sound) return fail(sound.error());
  if (const ackd::Status sound = ackd::check_means(config.means); !sound) return fail(sound.error());
  std::printf("the configuration is valid: %zu providers, %zu merchants\n", catalogue->all_current().size(),
              config.merchants.size());
  check_inbox(config);
  return 0;
}

// The standard library throws when the system refuses a thread, and there is no daemon without them.
ackd::Result<std::unique_ptr<ackd::Composition>> open(const ackd::Config& config, const ackd::SpdlogLog& log) {
  try {
    return ackd::Composition::open(config, log);
  } catch (const std::system_error& refused) {
    return ackd::Error{ackd::ErrorCode::kUnavailable,
                       std::string("the system refuses a thread: ") + refused.what() +
                           "; let ackd's user have more of them (ulimit -u, TasksMax= of its service)",
                       {}};
  }
}

int serve(const ackd::Config& config) {
  const ackd::SpdlogLog log(config.log);
  const auto composition = open(config, log);
  if (composition) return (*composition)->run();
  log.write(ackd::LogLevel::kError, "not_started", composition.error().message,
            {{"code", ackd::name_of(composition.error().code)}});
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  ackd::prepare_process();
  CLI::App app("Delivers payment notifications to merchants, durably, on each provider's schedule.", "ackd");
  std::string path;
  bool only_check = false;
  app.add_option("--config", path, "The configuration file (config.yaml.example explains every key)")->required();
  app.add_flag("--check", only_check, "Check the configuration, key files and profiles, and exit");
  app.set_version_flag("--version", "ackd " ACKD_VERSION);
  CLI11_PARSE(app, argc, argv);

  const auto config = ackd::load_config(path);
  if (!config) return fail(config.error());
  return only_check ? check(*config) : serve(*config);
}
