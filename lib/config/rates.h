// Rates in the configuration: a number a second, and how many at once.
#pragma once

#include <string_view>

#include "policy/rate_limit.h"
#include "profile/yaml_section.h"

namespace ackd {

// Keys that hold a rate and its burst. A burst without its rate is reported.
struct RateKeys {
  std::string_view rate;
  std::string_view burst;
};
Rate read_rate(const YamlSection& section, const RateKeys& keys);

inline constexpr std::size_t kHostRatesMax = 10'000;

// Of the section `delivery`: lane_rate, host_rate, their bursts, and host_rates.
DeliveryRates read_delivery_rates(const YamlSection& delivery, YamlTrouble& trouble);

}  // namespace ackd
