// Any text as the configuration: it is refused with a place in the file, or every value is within the limits that
// config.yaml.example names, whatever else the text says; and no word of a key file is ever in an error.
#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "config/config.h"
#include "fuzz_folder.h"
#include "profile/yaml_document.h"
#include "target.h"
#include "text/charset.h"
#include "text/url.h"

namespace {

using namespace ackd;

constexpr std::string_view kCanary = "canary-that-nobody-may-see";
constexpr std::uint64_t kGiB = 1ULL << 30;

// The folder that a configuration stands in, with what it may name.
class Home {
 public:
  Home() {
    for (const char* name : {"keys/dhpay-499800.key", "keys/payindex-shop-7.key", "k", "keys/bank-ca.pem"}) {
      folder_.write(name, kCanary);
    }
  }
  std::string put(std::string_view text) const { return folder_.write("config.yaml", text); }

 private:
  fuzz::FuzzFolder folder_;
};

// Whether a file outside the folder might be opened: those that the configuration only names are no matter.
bool leads_out(const YamlNode& node) {
  static const std::set<std::string, std::less<>> kNamedOnly{"data_dir", "listen",    "folder",         "overrides",
                                                             "sqlite",   "mark_file", "master_key_file"};
  if (kNamedOnly.contains(node.key)) return false;
  if (node.text.starts_with('/') || node.text.find("..") != std::string::npos) return true;
  return std::any_of(node.items.begin(), node.items.end(), leads_out);
}

bool within(std::uint64_t value, std::uint64_t least, std::uint64_t most) {
  return value >= least && value <= most;
}

void check_delivery(const DeliveryConfig& d) {
  CHECK_THAT(within(d.lane_window, 1, 4096) && within(d.lane_window_first, 1, 4096) &&
                 within(d.host_ceiling, 1, 16384) && within(d.transfers_max, 1, 65536),
             "what is sent at once is bounded");
  for (const Rate& rate : {d.rates.lane, d.rates.host}) {
    CHECK_THAT(rate.per_second <= kRateMax && rate.burst <= kRateMax, "rates are bounded");
    CHECK_THAT(rate.burst == 0 || !rate.none(), "a burst has a rate");
  }
  CHECK_THAT(within(d.unsettled_max, d.transfers_max, 1'000'000), "every transfer can settle");
  CHECK_THAT(within(d.page_bytes_max, 1 << 20, 8 * kGiB) && within(d.admission_bytes_queued_max, 1 << 20, 8 * kGiB) &&
                 within(d.admissions_queued_max, 1, 1'000'000) && d.suspend_hosts_min <= 10'000,
             "what is kept in memory is bounded");
}

void check_ingest(const IngestConfig& i) {
  for (const std::size_t rate :
       {i.requests_per_second, i.requests_burst, i.notifications_per_second, i.notifications_burst}) {
    CHECK_THAT(rate <= 1'000'000, "rates are bounded");
  }
  CHECK_THAT((i.requests_burst == 0 || i.requests_per_second != 0) &&
                 (i.notifications_burst == 0 || i.notifications_per_second != 0),
             "a burst has a rate");
  CHECK_THAT(within(i.connections_max, 16, 65536) && within(i.body_bytes_in_flight_max, 16 << 20, 8 * kGiB) &&
                 i.memory_bytes_max.value_or(0) <= 1024 * kGiB,
             "what clients can take is bounded");
}

void check_listen(const Config& config) {
  CHECK_THAT(!config.listen.empty() && config.listen_tcp.size() <= 8, "there is one socket and a few addresses");
  for (const TcpAddress& door : config.listen_tcp) {
    CHECK_THAT((door.host == "::1" || door.host.starts_with("127.")) && door.port != 0, "nobody outside gets in");
    const auto is_it = [&](const auto& own) { return own.port == door.port; };
    CHECK_THAT(std::any_of(config.egress.own.begin(), config.egress.own.end(), is_it), "ackd does not call itself");
  }
}

void check_merchant(const Merchant& merchant) {
  CHECK_THAT(within(merchant.provider.size(), 1, 128) && within(merchant.id.size(), 1, 128), "a merchant has a name");
  CHECK_THAT(within(merchant.keys.size(), 1, 4), "a merchant has a key");
  for (const MerchantKey& key : merchant.keys) {
    CHECK_THAT(key.id.size() <= 128 && !(key.secret.empty() && key.private_key.empty()), "a key has a file");
    CHECK_THAT(key.secret.empty() || key.secret.reveal() == kCanary, "and is what stands in it");
  }
  if (merchant.url.empty()) return;
  const Result<Url> url = parse_url(merchant.url);
  CHECK_THAT(url && url->text() == merchant.url, "a URL is canonical");
}

void check_names(const Config& config) {
  std::set<std::pair<std::string, std::string>> names;
  for (const auto& [merchant, place] : config.merchants) {
    CHECK_THAT(names.emplace(merchant.provider, merchant.id).second, "no merchant is given twice");
    CHECK_THAT(place.starts_with("config.yaml:"), "a merchant has its place in the file");
    check_merchant(merchant);
  }
}

void check_rest(const Config& config) {
  CHECK_THAT(config.node <= 1023 && config.drain_timeout.count() <= 600'000, "numbers are within their limits");
  CHECK_THAT(config.disk.critical_bytes <= config.disk.low_bytes && config.disk.low_bytes <= 1024 * kGiB &&
                 config.disk.ballast_bytes <= kGiB,
             "ingest stops before sending does");
  CHECK_THAT(config.dns_servers.size() <= 8 && config.pinned_hosts.size() <= 4096, "lists are bounded");
  for (const auto& [host, addresses] : config.pinned_hosts) {
    CHECK_THAT(within(addresses.size(), 1, 16), "a pinned host has an address");
  }
  CHECK_THAT(config.means.proxy.empty() || config.means.proxies.contains(config.means.proxy), "a proxy is a known one");
  CHECK_THAT(!config.data_dir.empty() && !config.master_key_file.empty(), "everything has a place");
}

void check_refusal(const Error& error) {
  CHECK_THAT(error.message.starts_with("config.yaml:"), "an error names the file and the place");
  CHECK_THAT(error.message.find(kCanary) == std::string::npos, "no word of a key is in an error");
  CHECK_THAT(is_valid_utf8(error.message) && error.message.size() < 8'192, "an error can be shown");
}

}  // namespace

int ackd::fuzz::try_input(std::string_view text) {
  static const Home home;
  // libFuzzer learns the word, and an error may repeat what the text says itself.
  if (text.find(kCanary) != std::string_view::npos) return -1;
  const Result<YamlNode> root = read_yaml(text, "config.yaml", text.size(), text.size());
  if (root && leads_out(*root)) return -1;
  const Result<Config> config = load_config(home.put(text));
  CHECK_THAT(root || !config, "only YAML is a configuration");
  if (!config) {
    check_refusal(config.error());
    return 0;
  }
  check_delivery(config->delivery);
  check_ingest(config->ingest);
  check_listen(*config);
  check_names(*config);
  check_rest(*config);
  return 0;
}
