// Sizes in the configuration: a number and KiB, MiB or GiB.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "profile/yaml_section.h"

namespace ackd {

struct SizeLimits {
  std::uint64_t least = 0;
  std::uint64_t most = 0;
};

// In the largest unit that divides it: "64MiB".
std::string format_size(std::uint64_t bytes);

// The value of `key`, or `fallback` where it is not given. What is no size within the limits is reported.
std::uint64_t read_size(const YamlSection& section, std::string_view key, std::uint64_t fallback,
                        const SizeLimits& limits);

}  // namespace ackd
