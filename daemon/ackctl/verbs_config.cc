// The verbs about the configuration file: config check, config show. Neither talks to the daemon.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "ackctl/configuration.h"
#include "ackctl/document.h"
#include "ackctl/printable.h"
#include "ackctl/table.h"
#include "ackctl/verb.h"
#include "base/time.h"

namespace ackd {
namespace {

class ConfigCheckVerb : public Verb {
 public:
  explicit ConfigCheckVerb(CLI::App* command) : Verb(command) {
    command->add_option("FILE", file_, "The configuration file")->required();
  }

  ExitCode run(const Session& session) override {
    const auto checked = check_config(file_, session.options.schedules_dir);
    if (!checked) return refuse(checked.error());
    const Status sound = check_loosenings(checked->config, session.clock.now().wall);
    if (!sound) return refuse(sound.error());
    const std::size_t merchants = checked->config.merchants.size();
    const std::size_t providers = checked->profiles.size();
    if (session.options.json) {
      fmt::print("{}\n", to_line({{"file", file_}, {"ok", true}, {"merchants", merchants}, {"providers", providers}}));
    } else {
      fmt::print("{} is right: {} merchants, {} providers\n", printable(file_), merchants, providers);
    }
    return ExitCode::kOk;
  }

 private:
  std::string file_;
};

const char* name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarning: return "warning";
    case LogLevel::kError: return "error";
  }
  return "unknown";
}

// Each as the file writes it.
template <class T>
Document texts_of(const std::vector<T>& values) {
  Document out = Document::array();
  for (const T& value : values) out.push_back(to_string(value));
  return out;
}

template <class Map>
Document names_of(const Map& map) {
  Document out = Document::array();
  for (const auto& [name, value] : map) out.push_back(name);
  return out;
}

// Where the file says nothing, what holds then. Keys appear by their ids only.
Document settings_of(const Config& config) {
  Document memory_max = "four fifths of what the process may have";
  if (config.ingest.memory_bytes_max) memory_max = *config.ingest.memory_bytes_max;
  return {{"data_dir", config.data_dir},
          {"listen", config.listen},
          {"listen_tcp", texts_of(config.listen_tcp)},
          {"node", config.node},
          {"log.level", name_of(config.log.level)},
          {"log.format", config.log.format == LogFormat::kJson ? "json" : "text"},
          {"schedules.folder", config.schedules.folder},
          {"schedules.overrides", config.schedules.overrides},
          {"egress.allow", texts_of(config.egress.rules.allow)},
          {"egress.deny", texts_of(config.egress.rules.deny)},
          {"egress.ports", texts_of(config.egress.rules.ports)},
          {"egress.allow_hosts", config.egress.rules.allow_hosts},
          {"egress.deny_hosts", config.egress.rules.deny_hosts},
          {"egress.proxy", config.means.proxy},
          {"egress.proxies", names_of(config.means.proxies)},
          {"hosts", names_of(config.pinned_hosts)},
          {"delivery.lane_window", config.delivery.lane_window},
          {"delivery.lane_window_first", config.delivery.lane_window_first},
          {"delivery.host_ceiling", config.delivery.host_ceiling},
          {"delivery.lane_rate", config.delivery.rates.lane.per_second},
          {"delivery.lane_rate_burst", config.delivery.rates.lane.burst},
          {"delivery.host_rate", config.delivery.rates.host.per_second},
          {"delivery.host_rate_burst", config.delivery.rates.host.burst},
          {"delivery.host_rates", names_of(config.delivery.rates.hosts)},
          {"delivery.transfers_max", config.delivery.transfers_max},
          {"delivery.unsettled_max", config.delivery.unsettled_max},
          {"delivery.page_bytes_max", config.delivery.page_bytes_max},
          {"delivery.admissions_queued_max", config.delivery.admissions_queued_max},
          {"delivery.admission_bytes_queued_max", config.delivery.admission_bytes_queued_max},
          {"delivery.suspend_hosts_min", config.delivery.suspend_hosts_min},
          {"ingest.requests_per_second", config.ingest.requests_per_second},
          {"ingest.requests_burst", config.ingest.requests_burst},
          {"ingest.notifications_per_second", config.ingest.notifications_per_second},
          {"ingest.notifications_burst", config.ingest.notifications_burst},
          {"ingest.connections_max", config.ingest.connections_max},
          {"ingest.body_bytes_in_flight_max", config.ingest.body_bytes_in_flight_max},
          {"ingest.memory_bytes_max", memory_max},
          {"disk.low_bytes", config.disk.low_bytes},
          {"disk.critical_bytes", config.disk.critical_bytes},
          {"disk.ballast_bytes", config.disk.ballast_bytes},
          {"drain_timeout", format_duration(config.drain_timeout)},
          {"dns_servers", config.dns_servers},
          {"ca_file", config.ca_file},
          {"tls.authorities", names_of(config.means.authorities)},
          {"tls.client_certificates", names_of(config.means.client_certificates)}};
}

// Of all keys, joined as attempts show them.
std::string key_ids(const Merchant& merchant) {
  std::string out;
  for (const MerchantKey& key : merchant.keys) out += (out.empty() ? "" : ",") + key.id;
  return out;
}

Document merchants_of(const Config& config) {
  Document out = Document::array();
  for (const auto& [merchant, place] : config.merchants) {
    out.push_back({{"provider", merchant.provider},
                   {"id", merchant.id},
                   {"url", merchant.url},
                   {"key_id", key_ids(merchant)},
                   {"options", Document(merchant.options)}});
  }
  return out;
}

std::string cell(const Document& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

class ConfigShowVerb : public Verb {
 public:
  explicit ConfigShowVerb(CLI::App* command) : Verb(command) {
    command->add_option("FILE", file_, "The configuration file")->required();
  }

  ExitCode run(const Session& session) override {
    const auto config = load_config(file_);
    if (!config) return refuse(config.error());
    Document settings = settings_of(*config);
    const Document merchants = merchants_of(*config);
    if (session.options.json) {
      settings["merchants"] = merchants;
      fmt::print("{}\n", to_line(settings));
      return ExitCode::kOk;
    }
    Table setting_table({"SETTING", "VALUE"}, session.terminal);
    for (const auto& [name, value] : settings.items()) setting_table.add({name, cell(value)});
    Table merchant_table({"PROVIDER", "MERCHANT", "URL", "KEY", "OPTIONS"}, session.terminal);
    for (const Document& m : merchants) {
      merchant_table.add({cell(m["provider"]), cell(m["id"]), cell(m["url"]), cell(m["key_id"]), cell(m["options"])});
    }
    fmt::print("{}\n{}", setting_table.take(), merchant_table.take());
    return ExitCode::kOk;
  }

 private:
  std::string file_;
};

}  // namespace

void add_config_verbs(CLI::App& app, Verbs& verbs) {
  auto* config = app.add_subcommand("config", "Check or show the daemon's configuration file")->require_subcommand(1);
  auto* check = config->add_subcommand("check", "Say whether ackd would start with this file");
  check->footer("Example:\n  ackctl config check /etc/ackd/config.yaml");
  verbs.push_back(std::make_unique<ConfigCheckVerb>(check));
  auto* show = config->add_subcommand("show", "Every setting as it holds, defaults included; no secrets");
  verbs.push_back(std::make_unique<ConfigShowVerb>(show));
}

}  // namespace ackd
