#include "config/rates.h"

#include <fmt/format.h>

#include <optional>
#include <string>

#include "text/url.h"

namespace ackd {
namespace {

// "https://shop.example" as lanes know it; nothing for what is no host, or more than one.
std::optional<std::string> origin_of(const std::string& text) {
  const Result<Url> url = parse_url(text + "/");
  if (!url || url->path != "/" || !url->query.empty()) return std::nullopt;
  return url->origin();
}

}  // namespace

Rate read_rate(const YamlSection& section, const RateKeys& keys) {
  const Rate rate{section.number(keys.rate, 0, 0, kRateMax), section.number(keys.burst, 0, 0, kRateMax)};
  if (rate.none() && rate.burst > 0) section.report(keys.burst, fmt::format("means nothing without {}", keys.rate));
  return rate;
}

DeliveryRates read_delivery_rates(const YamlSection& delivery, YamlTrouble& trouble) {
  DeliveryRates rates;
  rates.lane = read_rate(delivery, {"lane_rate", "lane_rate_burst"});
  rates.host = read_rate(delivery, {"host_rate", "host_rate_burst"});
  const YamlNode* hosts = delivery.find("host_rates");
  if (hosts == nullptr) return rates;
  const std::string path = delivery.path_of("host_rates");
  if (hosts->kind != YamlNode::Kind::kMap) {
    delivery.report("host_rates", "must be a map of hosts");
    return rates;
  }
  for (const YamlNode& item : hosts->items) {
    const YamlSection section(item, fmt::format("{}.{}", path, item.key), {"rate", "burst"}, trouble);
    const std::optional<std::string> origin = origin_of(item.key);
    if (!origin) trouble.report(item.place, path + "." + item.key, "is not a host; write https://shop.example");
    if (origin) rates.hosts[*origin] = read_rate(section, {"rate", "burst"});
  }
  if (rates.hosts.size() > kHostRatesMax) {
    delivery.report("host_rates", fmt::format("names more than {} hosts, the limit", kHostRatesMax));
  }
  return rates;
}

}  // namespace ackd
