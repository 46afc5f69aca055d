#include "config/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "config/file_context.h"
#include "config/merchant_sections.h"
#include "config/network_sections.h"
#include "config/rates.h"
#include "config/size.h"
#include "profile/egress_options.h"
#include "profile/merchant_options.h"
#include "profile/yaml_section.h"

namespace ackd {
namespace {

// A hundred thousand merchants written out; the file is read once, at the start.
constexpr std::size_t kConfigBytesMax = 64u << 20;
constexpr std::size_t kConfigNodesMax = 2'000'000;
constexpr std::size_t kListenTcpMax = 8;

LogConfig read_log(const YamlSection& root, YamlTrouble& trouble) {
  static constexpr std::array<YamlChoice<LogLevel>, 4> kLevels{{{"debug", LogLevel::kDebug},
                                                                {"info", LogLevel::kInfo},
                                                                {"warning", LogLevel::kWarning},
                                                                {"error", LogLevel::kError}}};
  static constexpr std::array<YamlChoice<LogFormat>, 2> kFormats{
      {{"text", LogFormat::kText}, {"json", LogFormat::kJson}}};
  LogConfig log;
  if (root.find("log") == nullptr) return log;
  const YamlSection section(*root.find("log"), "log", {"level", "format"}, trouble);
  log.level = section.choice("level", log.level, kLevels);
  log.format = section.choice("format", log.format, kFormats);
  return log;
}

SchedulesConfig read_schedules(const YamlSection& root, const FileContext& context) {
  SchedulesConfig schedules;
  if (root.find("schedules") == nullptr) return schedules;
  const YamlSection section(*root.find("schedules"), "schedules", {"folder", "overrides"}, context.trouble);
  schedules.folder = context.resolve(section.text("folder", schedules.folder));
  schedules.overrides = context.resolve(section.text("overrides"));
  return schedules;
}

DeliveryConfig read_delivery(const YamlSection& root, YamlTrouble& trouble) {
  DeliveryConfig out;
  if (root.find("delivery") == nullptr) return out;
  const YamlSection section(*root.find("delivery"), "delivery",
                            {"lane_window", "lane_window_first", "host_ceiling", "transfers_max", "unsettled_max",
                             "page_memory", "admissions_queued_max", "admission_memory", "suspend_hosts_min",
                             "lane_rate", "lane_rate_burst", "host_rate", "host_rate_burst", "host_rates"},
                            trouble);
  out.lane_window = section.number("lane_window", out.lane_window, 1, 4'096);
  out.lane_window_first = section.number("lane_window_first", out.lane_window_first, 1, 4'096);
  out.host_ceiling = section.number("host_ceiling", out.host_ceiling, 1, 16'384);
  out.rates = read_delivery_rates(section, trouble);
  out.transfers_max = section.number("transfers_max", out.transfers_max, 1, 65'536);
  out.unsettled_max = section.number("unsettled_max", out.unsettled_max, 1, 1'000'000);
  out.page_bytes_max = read_size(section, "page_memory", out.page_bytes_max, {1u << 20, 8ULL << 30});
  out.admissions_queued_max = section.number("admissions_queued_max", out.admissions_queued_max, 1, 1'000'000);
  out.admission_bytes_queued_max =
      read_size(section, "admission_memory", out.admission_bytes_queued_max, {1u << 20, 8ULL << 30});
  // Above the maximum it could not happen: policy/outage.h remembers 16,384 hosts.
  out.suspend_hosts_min = section.number("suspend_hosts_min", out.suspend_hosts_min, 0, 10'000);
  if (out.unsettled_max < out.transfers_max) {
    section.report("unsettled_max",
                   fmt::format("{} is less than transfers_max, {}; every transfer must be able to settle",
                               out.unsettled_max, out.transfers_max));
  }
  return out;
}

IngestConfig read_ingest(const YamlSection& root, YamlTrouble& trouble) {
  IngestConfig out;
  if (root.find("ingest") == nullptr) return out;
  const YamlSection section(*root.find("ingest"), "ingest",
                            {"requests_per_second", "requests_burst", "notifications_per_second", "notifications_burst",
                             "connections_max", "body_memory", "memory_max", "unknown_merchants"},
                            trouble);
  static constexpr std::array<YamlChoice<UnknownMerchant>, 2> kUnknown{
      {{"refuse", UnknownMerchant::kRefuse}, {"hold", UnknownMerchant::kHold}}};
  out.unknown_merchants = section.choice("unknown_merchants", out.unknown_merchants, kUnknown);
  const Rate requests = read_rate(section, {"requests_per_second", "requests_burst"});
  out.requests_per_second = requests.per_second;
  out.requests_burst = requests.burst;
  const Rate notifications = read_rate(section, {"notifications_per_second", "notifications_burst"});
  out.notifications_per_second = notifications.per_second;
  out.notifications_burst = notifications.burst;
  out.connections_max = section.number("connections_max", out.connections_max, 16, 65'536);
  // One body of the largest size must fit, or it could never be accepted.
  out.body_bytes_in_flight_max =
      read_size(section, "body_memory", out.body_bytes_in_flight_max, {16u << 20, 8ULL << 30});
  if (section.find("memory_max") != nullptr)
    out.memory_bytes_max = read_size(section, "memory_max", 0, {0, 1ULL << 40});
  return out;
}

InboxConfig read_inbox(const YamlSection& root, const FileContext& context, const std::string& data_dir) {
  InboxConfig inbox;
  if (root.find("inbox") == nullptr) return inbox;
  const YamlSection section(*root.find("inbox"), "inbox", {"sqlite", "mark_file"}, context.trouble);
  const std::filesystem::path folder(data_dir);
  section.require("sqlite");
  inbox.sqlite = context.resolve(section.text("sqlite"));
  inbox.mark_file = context.resolve(section.text("mark_file", (folder / "inbox.mark").string()));
  if (inbox.sqlite.empty()) section.report("sqlite", "names no file");
  if (inbox.sqlite == (folder / "outbox.db").lexically_normal().string()) {
    section.report("sqlite", "is ackd's own outbox; name the platform's database");
  }
  return inbox;
}

// A single entry or a list: at most one unix socket, which is there in any case because ackctl uses it, and TCP.
void read_listen(const YamlSection& root, const FileContext& context, Config& config) {
  const YamlNode* node = root.find("listen");
  const bool is_list = node != nullptr && node->kind == YamlNode::Kind::kList;
  const std::vector<std::string> entries = is_list ? root.texts("listen") : std::vector{root.text("listen")};
  for (const std::string& entry : entries) {
    if (!is_tcp_address(entry)) {
      if (!config.listen.empty()) root.report("listen", "names two unix sockets; one is the limit");
      config.listen = context.resolve(entry);
      continue;
    }
    const Result<TcpAddress> address = parse_tcp_address(entry);
    if (!address) root.report("listen", address.error().message);
    if (address) config.listen_tcp.push_back(*address);
  }
  if (config.listen_tcp.size() > kListenTcpMax) {
    root.report("listen", fmt::format("names more than {} addresses, the limit", kListenTcpMax));
  }
  if (config.listen.empty()) config.listen = (std::filesystem::path(config.data_dir) / "ackd.sock").string();
}

DiskConfig read_disk(const YamlSection& root, YamlTrouble& trouble) {
  DiskConfig disk;
  if (root.find("disk") == nullptr) return disk;
  const YamlSection section(*root.find("disk"), "disk", {"low", "critical", "ballast"}, trouble);
  disk.low_bytes = read_size(section, "low", disk.low_bytes, {0, 1ULL << 40});
  disk.critical_bytes = read_size(section, "critical", disk.critical_bytes, {0, 1ULL << 40});
  disk.ballast_bytes = read_size(section, "ballast", disk.ballast_bytes, {0, 1ULL << 30});
  if (disk.critical_bytes > disk.low_bytes) {
    section.report("critical", fmt::format("{} is more than low, {}; ingest must stop before sending does",
                                           format_size(disk.critical_bytes), format_size(disk.low_bytes)));
  }
  return disk;
}

Config read_root(const YamlNode& node, const FileContext& context) {
  YamlTrouble& trouble = context.trouble;
  const YamlSection root(node, "",
                         {"data_dir", "listen", "node", "log", "schedules", "egress", "delivery", "ingest", "inbox",
                          "disk", "drain_timeout", "dns", "hosts", "tls", "merchants", "master_key_file"},
                         trouble);
  Config config;
  config.data_dir = context.resolve(root.text("data_dir", config.data_dir));
  read_listen(root, context, config);
  config.node = static_cast<unsigned>(root.number("node", config.node, 0, 1'023));
  config.log = read_log(root, trouble);
  config.schedules = read_schedules(root, context);
  config.egress = read_egress_policy(root, trouble);
  for (const TcpAddress& door : config.listen_tcp)
    config.egress.own.push_back({parse_ip(door.host).value(), door.port});
  config.means = read_egress_means(root, context);
  config.pinned_hosts = read_pinned_hosts(root, trouble);
  config.delivery = read_delivery(root, trouble);
  config.ingest = read_ingest(root, trouble);
  config.inbox = read_inbox(root, context, config.data_dir);
  config.disk = read_disk(root, trouble);
  config.drain_timeout = root.duration("drain_timeout", config.drain_timeout, std::chrono::minutes(10));
  config.dns_servers = read_dns_servers(root, trouble);
  config.ca_file = read_ca_file(root, context);
  const std::string beside_outbox = (std::filesystem::path(config.data_dir) / "master.key").string();
  config.master_key_file =
      root.find("master_key_file") == nullptr ? beside_outbox : context.resolve(root.text("master_key_file"));
  config.merchants = read_merchants(root, context);
  return config;
}

Result<std::string> read_file(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return Error{
        ErrorCode::kNotFound, fmt::format("there is no configuration file {}; name one with --config", path), {}};
  }
  std::ifstream stream(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(stream), {});
  if (!stream) return Error{ErrorCode::kIo, fmt::format("cannot read {}: {}", path, std::strerror(errno)), {}};
  return text;
}

Error at_place(const std::string& place, const Error& error) {
  return invalid(fmt::format("{}.{}: {}", place, error.field, error.message), error.field);
}

}  // namespace

Result<Config> load_config(const std::string& path) {
  const Result<std::string> text = read_file(path);
  if (!text) return text.error();
  const std::string file = std::filesystem::path(path).filename().string();
  const Result<YamlNode> root = read_yaml(*text, file, kConfigBytesMax, kConfigNodesMax);
  if (!root) return root.error();
  YamlTrouble trouble(file);
  Config config = read_root(*root, {file, std::filesystem::path(path).parent_path(), trouble});
  if (trouble.first()) return *trouble.first();
  config.file = path;
  return config;
}

Status check_merchants(const Config& config, const ProfileCatalogue& catalogue) {
  for (const auto& [merchant, place] : config.merchants) {
    const Profile* profile = catalogue.current(merchant.provider);
    if (profile == nullptr) {
      std::vector<std::string> known;
      for (const Profile* each : catalogue.all_current()) known.push_back(each->id);
      const std::string hint = did_you_mean(merchant.provider, known);
      return invalid(fmt::format("{}.provider: '{}' is not a provider{}", place, merchant.provider,
                                 hint.empty() ? "; known are " + join_or(known) : hint),
                     "provider");
    }
    Status checked = check_options(*profile, merchant);
    if (checked) checked = check_named(merchant, config.means);
    if (!checked) return at_place(place, checked.error());
  }
  return Done{};
}

Status check_loosenings(const Config& config, WallTime now) {
  for (const auto& [merchant, place] : config.merchants) {
    const Status checked = check_loosening(merchant, now);
    if (!checked) return at_place(place, checked.error());
  }
  return Done{};
}

}  // namespace ackd
